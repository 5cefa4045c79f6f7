"""Reads with the package in `python/` the lists of records that tests/interop/python_reader.rs wrote as tables of pandas.

Usage: reader_tables.py FILE. Prints "done".
"""

import sys
from pathlib import Path

import h5py
import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).parents[2] / "python"))

import filebacked_reader as reader

path = sys.argv[1]


def column(table, name, dtype, values):
    found = table[name]
    assert str(found.dtype) == dtype, (name, found.dtype)
    values_found = [None if value is None or value is pd.NA or value != value else value for value in found.tolist()]
    assert values_found == values, (name, found)


table = reader.read_table(path, "columns")
names = ["name", "count", "good", "level", "axis", "missing", "late", "at", "list", "shape"]
assert list(table.columns) == names and len(table) == 3 and table.index.tolist() == [0, 1, 2], table
column(table, "name", "object", ["row 0", "row 1", "row 2"])
column(table, "count", "Int32", [0, None, 2])
column(table, "good", "boolean", [True, True, None])
column(table, "level", "Float64", [None, 0.5, 0.5])
column(table, "axis", "category", ["Y", None, "Y"])
column(table, "missing", "Float64", [None, None, None])
column(table, "late", "UInt16", [None, None, 7])
assert [value.tolist() for value in table["at"]] == [[0.0, 0.5], [1.0, 0.5], [2.0, 0.5]]
assert [value.tolist() for value in table["list"]] == [[], [1], [2, 2]]
column(table, "shape", "object", ["Empty", {"Circle": 1.5}, "Full"])

table = reader.read_table(path, "flat")
assert list(table.columns) == ["id", "position", "axis", "fixed", "spin"]
column(table, "id", "uint32", [1, 2])
column(table, "axis", "category", ["Y", "Y"])
column(table, "fixed", "bool", [True, False])
column(table, "spin", "object", [(-1, 0.5), (-1, 0.5)])
assert table["position"][1].tolist() == [2.0, 2.25, 2.5]

table = reader.read_table(path, "json")
column(table, "a", "UInt64", [1, 2, None])
column(table, "b", "object", ["x", None, None])
assert reader.read(path, "json") == [{"a": 1, "b": "x"}, {"a": 2}, {"a": None, "b": None}]

table = reader.read_table(path, "maps")
column(table, "a", "int64", [1, 4])
table = reader.read_table(path, "tuples")
assert list(table.columns) == ["0", "1"]
column(table, "1", "int32", [1, 2])
table = reader.read_table(path, "empty")
assert table.shape == (0, 0)

# An open node will do, and records within a value.
with h5py.File(path) as file:
    assert reader.read_table(file["columns"]).equals(reader.read_table(path, "columns"))
    try:
        reader.read_table(file, "ragged")
    except reader.ReadError as error:
        assert str(error) == (
            "found a group of the kind `ragged`: no list of records; at HDF5 path `/ragged`"
        ), error
    else:
        raise AssertionError("a table of no records")

assert np.array_equal(reader.read_table(path, "flat")["id"].to_numpy(), [1, 2])
print("done")
