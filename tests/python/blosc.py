"""Files whose chunks Blosc compressed.

Usage: blosc.py check FILE, which prints how the datasets of a file are stored and whether they hold what they should; or
blosc.py write FILE COMPRESSOR..., which writes a file with each of the compressors.
"""

import itertools
import json
import sys

import h5py
import hdf5plugin
import numpy
from held import held


def check(path):
    found = {}
    with h5py.File(path) as file:
        for name, dataset in file.items():
            plist = dataset.id.get_create_plist()
            filters = [plist.get_filter(index) for index in range(plist.get_nfilters())]
            found[name] = {
                "held": held(dataset),
                "chunks": dataset.chunks,
                "filters": [[number, list(values)] for number, _, values, _ in filters],
                "stored": dataset.id.get_storage_size(),
            }
    print(json.dumps(found))


SHAPES = {(1000,): (100,), (13, 17): (5, 4), (4, 5, 6): (3, 2, 4), (300, 7): (64, 7)}


def write(path, compressors):
    with h5py.File(path, "w") as file:
        for compressor, shuffle, fletcher32 in itertools.product(compressors, (0, 1, 2), (False, True)):
            blosc = hdf5plugin.Blosc(cname=compressor, clevel=6, shuffle=shuffle)
            for dtype, (shape, chunks) in itertools.product(("<f8", ">f4", ">i4", "|i1"), SHAPES.items()):
                data = ((numpy.arange(numpy.prod(shape)) * 37) % 101).reshape(shape).astype(dtype)
                name = f"{dtype} {shape} {compressor} {shuffle} {fletcher32}"
                file.create_dataset(name, data=data, chunks=chunks, compression=blosc, fletcher32=fletcher32)
            # Chunks that were never written, with a value to fill in.
            name = f"filled {compressor} {shuffle} {fletcher32}"
            filled = file.create_dataset(
                name, (500, 4), ">i2", chunks=(80, 3), fillvalue=-7, compression=blosc, fletcher32=fletcher32
            )
            filled[100:130] = 5
    print("done")


task, path, *rest = sys.argv[1:]
if task == "check":
    check(path)
else:
    write(path, rest)
