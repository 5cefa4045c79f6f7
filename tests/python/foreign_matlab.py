"""Makes a MATLAB file of version 7.3 with hdf5storage, and what that does not make by hand, as MATLAB does.

Usage: foreign_matlab.py FOLDER
"""

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
hdf5storage.savemat(
    path,
    {
        "scalar": 2.5,
        "integer": np.int16(-3),
        "yes": np.bool_(True),
        "row": np.array([1.0, 2.0, 3.0]),
        "column": np.array([[1], [2], [3]], "u1"),
        "matrix": np.arange(6, dtype="f8").reshape(2, 3),
        "cube": np.arange(24, dtype="i4").reshape(2, 3, 4),
        "flags": np.array([True, False, True]),
        "complex": np.array([1 + 2j, -1j]),
        "text": "schön",
        "rows": np.array([["a", "b", " "], ["c", "d", "e"]]),
        "blank": "",
        "none": np.zeros((0, 0)),
        "cells": cells,
        "nested": nested,
        "one_cell": np.array(["solo"], object),
        "structure": {"a": 1.5, "b": "text", "c": {"d": np.array([1, 2], "u2")}},
        "people": people,
    },
    format="7.3",
    store_python_metadata=False,
)
with h5py.File(str(Path(sys.argv[1]) / "object.mat"), "w") as file:
    # MATLAB's own classes: their data is in `#subsystem#`, in a way that is written down nowhere.
    file["string"] = np.zeros((1, 6), "u4")
    file["string"].attrs["MATLAB_class"] = np.bytes_("string")
    file["string"].attrs["MATLAB_object_decode"] = np.int32(3)
