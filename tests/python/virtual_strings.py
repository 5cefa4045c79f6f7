"""Writes a virtual dataset of the strings of two other files.

Usage: virtual_strings.py FOLDER. Prints the strings as JSON.
"""

import json
import sys
from pathlib import Path

import h5py

STRING = h5py.string_dtype()
PARTS = [["a", "bb", "x" * 500], ["", "other", "naïve"]]

layout = h5py.VirtualLayout((6,), STRING)
for number, part in enumerate(PARTS):
    path = Path(sys.argv[1], f"part{number}.h5")
    with h5py.File(path, "w") as file:
        file.create_dataset("part", data=part, dtype=STRING)
        layout[3 * number : 3 * number + 3] = h5py.VirtualSource(file["part"])
with h5py.File(Path(sys.argv[1], "all.h5"), "w", libver=("v110", "v110")) as file:
    file.create_virtual_dataset("all", layout)
json.dump(PARTS[0] + PARTS[1], sys.stdout)
