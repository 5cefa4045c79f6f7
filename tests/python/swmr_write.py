"""Writes as the single writer: for each line that comes in, so many rows; says how many there are then."""

import sys

import h5py
import numpy as np

with h5py.File(sys.argv[1], "w", libver=("v110", "v110")) as file:
    x = file.create_dataset("x", (0,), "f8", chunks=(100,), maxshape=(None,), compression="gzip")
    table = file.create_dataset("group/table", (0,), [("id", "u4"), ("at", "f4", (2,))], chunks=(50,), maxshape=(None,))
    file.swmr_mode = True
    print("ready", flush=True)
    for line in sys.stdin:
        start = len(x)
        end = start + int(line)
        x.resize((end,))
        x[start:] = np.arange(start, end) / 2
        table.resize((end,))
        rows = np.zeros(end - start, table.dtype)
        rows["id"] = np.arange(start, end)
        rows["at"][:, 1] = 0.5
        table[start:] = rows
        x.flush()
        table.flush()
        print(end, flush=True)
