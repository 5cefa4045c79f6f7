"""Files in chunks, with every combination of filters.

Usage: compressed.py check FILE, which prints how the datasets of a file are stored and whether they hold what they should;
or compressed.py write FOLDER, which writes files, and prints what is in them.
"""

import itertools
import json
import sys
from pathlib import Path

import h5py
import numpy
from held import held


def check(path):
    found = {}
    with h5py.File(path) as file:
        for name, dataset in file.items():
            found[name] = {
                "held": held(dataset),
                "chunks": dataset.chunks,
                "compression": dataset.compression,
                "level": dataset.compression_opts if dataset.compression == "gzip" else None,
                "shuffle": dataset.shuffle,
                "fletcher32": dataset.fletcher32,
            }
    print(json.dumps(found))


TYPES = ["<f8", ">f8", "<f4", ">i4", "<u2", "|i1", ">u8", "<f2"]
SHAPES = {(100,): (7,), (1000,): (100,), (20, 3): (6, 3), (13, 17): (5, 4), (4, 5, 6): (3, 2, 4), (2, 3, 4, 5): (1, 2, 3, 4)}


def filters():
    for compression, shuffle, fletcher32 in itertools.product([None, "gzip", "lzf"], [False, True], [False, True]):
        if compression or shuffle or fletcher32:
            yield {"compression": compression, "shuffle": shuffle, "fletcher32": fletcher32}


def write(folder):
    held = {}
    # With the indices of chunks that files have had at first, and those of HDF5 1.10.
    for libver in ("earliest", "v110"), ("v110", "v110"):
        name = f"{libver[0]}.h5"
        held[name] = {}
        with h5py.File(Path(folder, name), "w", libver=libver) as file:
            for number, options in enumerate(filters()):
                for dtype, (shape, chunks) in itertools.product(TYPES, SHAPES.items()):
                    size = numpy.prod(shape)
                    data = ((numpy.arange(size) * 37) % 101).reshape(shape).astype(dtype)
                    key = f"{dtype} {shape} {number}"
                    file.create_dataset(key, data=data, chunks=chunks, **options)
                    held[name][key] = data.tolist()
                # Chunks that were never written, with a value to fill in.
                key = f"filled {number}"
                dataset = file.create_dataset(key, (50, 4), ">i2", chunks=(8, 3), fillvalue=-7, **options)
                dataset[10:13] = 5
                held[name][key] = dataset[...].tolist()
                # Records, whose fields are not in the order of the machine.
                key = f"records {number}"
                records = numpy.zeros(300, [("id", ">u4"), ("at", "<f8", (2,)), ("name", "S5")])
                records["id"] = numpy.arange(300)
                records["at"] = numpy.arange(600).reshape(300, 2) * 0.5
                records["name"] = [f"n{index}".encode() for index in range(300)]
                file.create_dataset(key, data=records, chunks=(64,), **options)
                held[name][key] = [
                    {"id": int(row["id"]), "at": row["at"].tolist(), "name": row["name"].decode()} for row in records
                ]
                # A dataset that may grow, and has grown.
                key = f"grown {number}"
                dataset = file.create_dataset(key, (5,), "<i4", chunks=(4,), maxshape=(None,), data=range(5), **options)
                dataset.resize((11,))
                dataset[7:] = 9
                held[name][key] = dataset[...].tolist()
                # Strings of variable length: the references are filtered.
                if not options["fletcher32"] and options["compression"] != "lzf":
                    key = f"strings {number}"
                    texts = [f"text {index}" for index in range(100)]
                    file.create_dataset(key, data=texts, dtype=h5py.string_dtype(), chunks=(9,), **options)
                    held[name][key] = texts
            # A filter that did nothing for a chunk is left out of it.
            noise = numpy.random.default_rng(1).integers(0, 256, 1000, "u1")
            file.create_dataset("noise", data=noise, chunks=(100,), compression="lzf")
            held[name]["noise"] = noise.tolist()
            # Filters that are not known to all.
            for key, options in {
                "scaleoffset": {"scaleoffset": 0},
                "twice": {"compression": "gzip", "scaleoffset": 0},
            }.items():
                data = numpy.arange(1000, dtype="<i4") % 300
                file.create_dataset(key, data=data, chunks=(100,), **options)
                held[name][key] = data.tolist()
    print(json.dumps(held))


{"check": check, "write": write}[sys.argv[1]](sys.argv[2])
