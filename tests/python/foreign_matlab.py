"""Makes a MATLAB file of version 7.3 with hdf5storage, and what that does not make by hand, as MATLAB does.

Usage: foreign_matlab.py FOLDER
"""

import json
import sys
import warnings
from pathlib import Path

import h5py
import hdf5storage
import numpy as np

warnings.filterwarnings("ignore")
path = str(Path(sys.argv[1]) / "matlab.mat")
people = np.zeros((3,), [("name", object), ("age", object), ("tags", object)])
for person, (name, age) in zip(people, [("Ann", 30.0), ("Bo", 40.0), ("Schön", 50.0)]):
    person["name"], person["age"] = name, age
    person["tags"] = np.array([name[:1], name], object)
cells = np.zeros((2,), object)
cells[0], cells[1] = "eins", "zwei"
nested = np.zeros((2,), object)
nested[0], nested[1] = cells, np.array([1.0, 2.0])
table = np.empty((2, 3), object)
for (i, j), _ in np.ndenumerate(table):
    table[i, j] = np.arange(4.0).reshape(2, 2) + 10 * i + j if j < 2 else f"{i}"
squares = np.zeros((2, 2), [("at", object)])
for (i, j), _ in np.ndenumerate(squares):
    squares[i, j]["at"] = np.array([i, j], "i4")
numbers = {
    "matrix": np.arange(6, dtype="f8").reshape(2, 3),
    "cube": np.arange(24, dtype="i4").reshape(2, 3, 4),
    "thin": np.arange(6, dtype="i2").reshape(2, 1, 3),
    "deep": np.arange(5, dtype="f8").reshape(1, 1, 5),
    "one_row": np.arange(3, dtype="f8").reshape(1, 3),
    "one_column": np.arange(3, dtype="f8").reshape(3, 1),
    "single": np.arange(4, dtype="f4").reshape(2, 2),
    "mask": np.array([[True, False, True], [False, False, True]]),
    "plane": np.arange(6).reshape(2, 3) * (1 + 2j),
    "large": np.arange(60000, dtype="f8").reshape(2000, 30),
    "none": np.zeros((0, 0)),
    "no_columns": np.zeros((3, 0), "i1"),
    "no_rows": np.zeros((0, 2), "?"),
    **{f"of_{name}": np.array([[0, 1], [2, np.iinfo(name).max]], name) for name in ("i1", "u1", "i2", "u2", "i4", "u4")},
    **{f"of_{name}": np.array([[np.iinfo(name).min], [np.iinfo(name).max]], name) for name in ("i8", "u8")},
}
hdf5storage.savemat(
    path,
    {
        "scalar": 2.5,
        "integer": np.int16(-3),
        "yes": np.bool_(True),
        "row": np.array([1.0, 2.0, 3.0]),
        "column": np.array([[1], [2], [3]], "u1"),
        **numbers,
        "flags": np.array([True, False, True]),
        "complex": np.array([1 + 2j, -1j]),
        "text": "schön",
        "rows": np.array([["a", "b", " "], ["c", "d", "e"]]),
        "blank": "",
        "cells": cells,
        "nested": nested,
        "one_cell": np.array(["solo"], object),
        "structure": {"a": 1.5, "b": "text", "c": {"d": np.array([1, 2], "u2")}},
        "people": people,
        "table": table,
        "squares": squares,
        "no_cells": np.zeros((0, 0), object),
    },
    format="7.3",
    store_python_metadata=False,
)
# What hdf5storage itself finds in the file: the shape, and all elements, each as text.
found = hdf5storage.loadmat(path, format="7.3")
found = {name: [list(found[name].shape), [str(item) for item in found[name].ravel().tolist()]] for name in numbers}
Path(sys.argv[1], "matlab.json").write_text(json.dumps(found))


def sparse(file, name, rows, class_, columns, indices, data):
    """A sparse matrix as MATLAB has it, which hdf5storage does not write."""
    group = file.create_group(name)
    group.attrs["MATLAB_class"] = np.bytes_(class_)
    group.attrs["MATLAB_sparse"] = np.uint64(rows)
    group["jc"] = np.array(columns, "u8")
    if len(data):
        group["ir"], group["data"] = np.array(indices, "u8"), data


with h5py.File(path, "r+") as file:
    sparse(file, "sparse", 10, "double", [0, 0, 1, 1, 3], [3, 1, 9], np.array([6.0, 7.0, 8.0]))
    sparse(file, "sparse_mask", 2, "logical", [0, 1, 1, 2], [0, 1], np.array([1, 1], "u1"))
    sparse(file, "sparse_none", 2, "double", [0, 0, 0, 0], [], [])
    # Two pages of two rows: ["ab"; "cd"] and ["ef"; "gh"].
    pages = np.array([[["a", "b"], ["c", "d"]], [["e", "f"], ["g", "h"]]])
    file["pages"] = np.array([[[ord(page[i, j]) for i in (0, 1)] for j in (0, 1)] for page in pages], "u2")
    file["pages"].attrs["MATLAB_class"] = np.bytes_("char")
with h5py.File(str(Path(sys.argv[1]) / "object.mat"), "w") as file:
    # MATLAB's own classes: their data is in `#subsystem#`, in a way that is written down nowhere.
    file["string"] = np.zeros((1, 6), "u4")
    file["string"].attrs["MATLAB_class"] = np.bytes_("string")
    file["string"].attrs["MATLAB_object_decode"] = np.int32(3)
