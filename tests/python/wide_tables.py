"""Makes wide tables, as pandas and h5py write them.

Usage: wide_tables.py FOLDER
"""

import sys
from pathlib import Path

import h5py
import numpy as np
import pandas as pd

folder = Path(sys.argv[1])
ROWS, COLUMNS = 4000, 400

cells = np.arange(float(ROWS * COLUMNS)).reshape(ROWS, COLUMNS)
frame = pd.DataFrame(cells, columns=[f"c{column}" for column in range(COLUMNS)])
frame.to_hdf(folder / "table.h5", key="t", format="table", data_columns=True, index=False)
frame.to_hdf(folder / "fixed.h5", key="t", format="fixed")

records = np.empty(ROWS, [("name", h5py.string_dtype())] + [(name, "f8") for name in frame.columns])
records["name"] = [f"row {row}" for row in range(ROWS)]
for name in frame.columns:
    records[name] = frame[name]
with h5py.File(folder / "texts.h5", "w") as file:
    file["t"] = records

frame.insert(0, "kind", pd.Categorical.from_codes(np.arange(ROWS) % 3, ["low", "middle", "high"]))
frame.to_hdf(folder / "categories.h5", key="t", format="table", data_columns=True, index=False)
