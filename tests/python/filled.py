"""Writes files with a dataset of strings that has a fill value, of which most was never written.

Usage: filled.py FOLDER.
"""

import sys
from pathlib import Path

import h5py

for name, options in {"earliest": {}, "latest": {"libver": "latest"}, "many attributes": {}}.items():
    with h5py.File(Path(sys.argv[1], f"{name}.h5"), "w", **options) as file:
        dataset = file.create_dataset("filled", (5,), h5py.string_dtype(), chunks=(2,), fillvalue="none")
        dataset[2:3] = ["one"]
        if name == "many attributes":
            for index in range(100):
                dataset.attrs[f"attribute {index}"] = index
