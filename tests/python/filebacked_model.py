"""Reads a model of `fixtures/python-filebacked/model.py` with the Python package FileBacked, or writes it.

Usage: filebacked_model.py write FOLDER FILE, or filebacked_model.py read FOLDER FILE; FOLDER is where `model.py` is.
"""

import sys

import numpy as np
from scipy import sparse

command, folder, path = sys.argv[1:]
sys.path.insert(0, folder)
import model

import h5py


def check(found, expected, path):
    if hasattr(expected, "__filebacked_attribs__"):
        assert type(found) is type(expected), (path, type(found))
        for name in expected.__filebacked_attribs__:
            check(getattr(found, name), getattr(expected, name), f"{path}.{name}")
    elif isinstance(expected, dict):
        assert list(sorted(found)) == list(sorted(expected)), (path, found)
        for key in expected:
            check(found[key], expected[key], f"{path}[{key!r}]")
    elif isinstance(expected, (list, tuple)):
        assert type(found) is type(expected) and len(found) == len(expected), (path, found)
        for index, element in enumerate(expected):
            check(found[index], element, f"{path}[{index}]")
    elif isinstance(expected, np.ndarray):
        assert found.dtype == expected.dtype, (path, found.dtype)
        np.testing.assert_array_equal(found, expected, path)
    elif sparse.issparse(expected):
        assert found.getformat() == expected.getformat(), (path, found.getformat())
        np.testing.assert_array_equal(found.toarray(), expected.toarray(), path)
    else:
        assert found == expected, (path, found)


if command == "write":
    model.save(path)
else:
    check(model.load(path), model.model(), "eager")
    with h5py.File(path) as file:
        check(model.Model.read(file, lazy=True), model.model(), "lazy")
