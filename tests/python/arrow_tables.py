"""Checks what h5py, AnnData and the package in `python/` read of a table of Arrow's, and writes tables beside it.

Usage: arrow_tables.py FILE
"""

import sys
import warnings
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
from anndata.io import read_elem, write_elem

sys.path.insert(0, str(Path(__file__).parent.parent.parent / "python"))
import filebacked_reader

warnings.filterwarnings("ignore")
path = sys.argv[1]

frame = filebacked_reader.read_table(path, "t")
assert list(frame.columns) == ["n", "x", "ok", "name", "kind", "path", "day", "when"], frame.columns
assert str(frame["n"].dtype) == "Int64" and frame["n"].tolist() == [1, pd.NA, 3], frame["n"]
assert frame["x"].tolist() == [0.5, 1.5, 2.5]
assert str(frame["ok"].dtype) == "boolean" and frame["ok"][1] is pd.NA
assert frame["name"][0] == "a" and pd.isna(frame["name"][1]) and frame["name"][2] == "schön"
assert frame["kind"].dtype == pd.CategoricalDtype(["T", "B"]) and frame["kind"].isna().tolist() == [False, True, False]
assert [list(items) for items in frame["path"]] == [[1, 2], [], [3]]
assert frame["day"][2] == pd.Timestamp("2024-10-04"), frame["day"]
assert frame["when"][0] == pd.Timestamp("1970-01-01 00:00:01.5") and pd.isna(frame["when"][1]), frame["when"]
rows = filebacked_reader.read(path, "t")
assert rows[0]["kind"] == "T" and rows[1]["kind"] is None and rows[2]["name"] == "schön", rows

with h5py.File(path, "r+") as file:
    table = file["t"]
    assert table["x"][:].tolist() == [0.5, 1.5, 2.5]
    assert table["when/values"].attrs["units"] == "milliseconds since 1970-01-01"
    # AnnData reads categories and columns with a mask by themselves.
    kind = read_elem(table["kind"])
    assert kind.categories.tolist() == ["T", "B"] and kind.codes.tolist() == [0, -1, 1], kind
    assert read_elem(table["n"]).isna().tolist() == [False, True, False]
    when = np.array(["1970-01-01", "NaT", "2020-01-01"], "M8[ns]")
    times = file.create_group("times")
    times.attrs.update({"encoding-type": "dataframe", "encoding-version": "0.2.0", "_index": "when"})
    times.attrs["column-order"] = ["how_long"]
    times["when"] = when.astype(h5py.opaque_dtype(when.dtype))
    how_long = np.array([1, 2, 3], "m8[s]")
    times["how_long"] = how_long.astype(h5py.opaque_dtype(how_long.dtype))
    write_elem(file, "frame", frame[["x", "kind"]])
