"""Prints what h5py finds of an array of `half::f16`."""

import sys

import h5py

with h5py.File(sys.argv[1]) as file:
    print(file["h"].dtype, file["h"][:].tolist())
