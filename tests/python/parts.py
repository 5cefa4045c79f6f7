"""Writes a file of arrays in chunks with every combination of filters, of which parts are read.

Usage: parts.py FILE.
"""

import itertools
import sys

import h5py
import numpy

TYPES = ["<f8", ">f8", "<f4", ">i4", "<u2", "|i1"]
SHAPES = {(1000,): (70,), (13, 17): (5, 4), (60, 7): (9, 7), (4, 5, 6): (3, 2, 4), (2, 3, 4, 5): (1, 2, 3, 4)}

with h5py.File(sys.argv[1], "w") as file:
    for compression, shuffle, fletcher32 in itertools.product([None, "gzip", "lzf"], [False, True], [False, True]):
        options = {"compression": compression, "shuffle": shuffle, "fletcher32": fletcher32}
        name = f"{compression} {shuffle} {fletcher32}"
        if any(options.values()):
            for dtype, (shape, chunks) in itertools.product(TYPES, SHAPES.items()):
                data = ((numpy.arange(numpy.prod(shape)) * 37) % 101).reshape(shape).astype(dtype)
                file.create_dataset(f"{dtype} {shape} {name}", data=data, chunks=chunks, **options)
            # Chunks that were never written, with a value to fill in.
            filled = file.create_dataset(f"filled {name}", (50, 4), ">i2", chunks=(8, 3), fillvalue=-7, **options)
            filled[10:13] = 5
            # It has grown, and its chunks reach beyond its ends.
            grown = file.create_dataset(f"grown {name}", (5, 3), "<i4", chunks=(4, 2), maxshape=(None, None), **options)
            grown.resize((11, 5))
            grown[...] = numpy.arange(55).reshape(11, 5)
            records = numpy.zeros(300, [("id", ">u4"), ("at", "<f8", (2,)), ("flag", "?")])
            records["id"] = numpy.arange(300)
            records["at"] = numpy.arange(600).reshape(300, 2) * 0.5
            records["flag"] = numpy.arange(300) % 3 == 0
            file.create_dataset(f"records {name}", data=records, chunks=(64,), **options)
    # A filter that is not known to this crate.
    data = numpy.arange(1000, dtype="<i4") % 300
    file.create_dataset("scaleoffset", data=data, chunks=(100,), scaleoffset=0)
print("done")
