"""Prints what h5py finds of the datasets of a file: type, shape, elements."""

import sys

import h5py

with h5py.File(sys.argv[1]) as file:
    for name, node in file.items():
        if isinstance(node, h5py.Dataset) and node.shape is not None:
            print(name, node.dtype, node.shape, node[()].tolist())
