"""Writes files with strings and sequences of variable length, as h5py does.

Usage: heaps.py FOLDER. Prints, as JSON, what each file holds.
"""

import json
import sys
from pathlib import Path

import h5py
import numpy as np

STRING = h5py.string_dtype()
TEXTS = ["", "a", "naïve", "x" * 70_000, "𝄞" * 300, "", "last"] + [f"{i}" * (i % 40) for i in range(3000)]


def fill(file):
    """What every file holds; returns it."""
    texts = np.array(TEXTS, dtype=object)
    file.create_dataset("contiguous", data=texts, dtype=STRING)
    file.create_dataset("chunked", data=texts, dtype=STRING, chunks=(100,))
    file.create_dataset("compressed", data=texts, dtype=STRING, chunks=(1000,), compression="gzip")
    file.create_dataset("shuffled", data=texts, dtype=STRING, chunks=(1000,), compression="gzip", shuffle=True)
    file.create_dataset("ascii", data=[b"one", b"two"], dtype=h5py.string_dtype("ascii"))
    file.create_dataset("matrix", data=texts[:12].reshape(3, 4), dtype=STRING)
    file.create_dataset("scalar", data="one alone", dtype=STRING)
    compact = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    compact.set_layout(h5py.h5d.COMPACT)
    kind, space = h5py.h5t.py_create(STRING, logical=True), h5py.h5s.create_simple((7,))
    h5py.Dataset(h5py.h5d.create(file.id, b"compact", kind, space, compact))[:] = texts[:7]
    # Of the first, nothing was written, so that its references are nil; of the others, a part.
    file.create_dataset("unwritten", (5,), STRING)
    file.create_dataset("partly", (10,), STRING, chunks=(3,))[4:6] = ["four", "five"]

    record = np.dtype([("id", ">i4"), ("name", STRING), ("sizes", h5py.vlen_dtype("<f8")), ("pair", STRING, (2,))])
    rows = [(i, TEXTS[i + 7], np.arange(i % 5) / 2, [f"left {i}", ""]) for i in range(500)]
    file.create_dataset("records", data=np.array(rows, record))
    lists = [list(range(-i, 0)) for i in range(50)]
    for name, base in [("little", "<i4"), ("big", ">i2"), ("floats", ">f4")]:
        dataset = file.create_dataset(name, (50,), h5py.vlen_dtype(base))
        for index, one in enumerate(lists):
            dataset[index] = np.array(one, base)

    group = file.create_group("attributed")
    group.attrs["title"] = "plate"
    group.attrs.create("tags", np.array(["a", "bcd", ""], dtype=object), dtype=STRING)
    group["data"] = [1.5]
    return {
        **dict.fromkeys(["contiguous", "chunked", "compressed", "shuffled"], TEXTS),
        "ascii": ["one", "two"],
        "matrix": [TEXTS[:4], TEXTS[4:8], TEXTS[8:12]],
        "scalar": "one alone",
        "compact": TEXTS[:7],
        "unwritten": [""] * 5,
        "partly": [""] * 4 + ["four", "five"] + [""] * 4,
        "records": [
            {"id": row[0], "name": row[1], "sizes": row[2].tolist(), "pair": row[3]} for row in rows
        ],
        **dict.fromkeys(["little", "big"], lists),
        "floats": [[float(one) for one in row] for row in lists],
        "attributed": {"data": [1.5], "@tags": ["a", "bcd", ""], "@title": "plate"},
    }


FILES = {
    "earliest": {},
    "latest": {"libver": ("v110", "v110")},
    "user block": {"userblock_size": 1024},
    "paged": {"fs_strategy": "page", "fs_page_size": 4096},
}

held = {}
for name, options in FILES.items():
    with h5py.File(Path(sys.argv[1], f"{name}.h5"), "w", **options) as file:
        held[name] = fill(file)
# Short addresses and lengths.
creation = h5py.h5p.create(h5py.h5p.FILE_CREATE)
creation.set_sizes(4, 4)
short = h5py.h5f.create(bytes(Path(sys.argv[1], "short.h5")), h5py.h5f.ACC_TRUNC, creation)
with h5py.File(short) as file:
    held["short"] = fill(file)
json.dump(held, sys.stdout)
