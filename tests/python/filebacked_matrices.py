"""Reads and writes sparse matrices with the Python package FileBacked, which knows nothing of the crate.

Usage: filebacked_matrices.py read FILE, or filebacked_matrices.py write FILE.
"""

import sys
import warnings

import h5py
import numpy as np
from scipy import sparse

with warnings.catch_warnings():
    # It asks for `np.float`.
    warnings.simplefilter("ignore")
    from filebacked import FileBacked

# Whatever scipy has to say of what it is given.
warnings.simplefilter("error")


class Matrices(FileBacked):
    csr: sparse.spmatrix
    csc: sparse.spmatrix
    coo: sparse.spmatrix
    integers: sparse.spmatrix
    complex: sparse.spmatrix
    empty: sparse.spmatrix
    dense_csr: np.ndarray
    dense_csc: np.ndarray
    dense_coo: np.ndarray
    dense_integers: np.ndarray
    dense_complex: np.ndarray
    dense_empty: np.ndarray


FORMATS = {"csr": "csr", "csc": "csc", "coo": "coo", "integers": "csc", "complex": "csr", "empty": "csr"}


def read(path):
    with h5py.File(path) as file:
        matrices = Matrices.read(file)
    for name, format in FORMATS.items():
        matrix, dense = getattr(matrices, name), getattr(matrices, "dense_" + name)
        assert matrix.getformat() == format, (name, matrix.getformat())
        assert matrix.dtype == dense.dtype, (name, matrix.dtype)
        np.testing.assert_array_equal(matrix.toarray(), dense)
        np.testing.assert_array_equal(matrix @ np.ones(matrix.shape[1]), dense.sum(axis=1))
        indices = matrix.row if format == "coo" else matrix.indices
        assert indices.dtype == np.int32, (name, indices.dtype)
        if format != "coo":
            matrix.check_format()
            assert matrix.has_canonical_format, name
        print(name)


def write(path):
    matrices = Matrices()
    entries = sparse.random(30, 20, density=0.2, random_state=1)
    matrices.csr, matrices.csc, matrices.coo = entries.tocsr(), entries.tocsc(), entries.tocoo()
    matrices.integers = sparse.csc_matrix(np.arange(12, dtype=np.int16).reshape(3, 4) % 5)
    matrices.complex = sparse.csr_matrix(np.array([[0, 1 + 2j], [0, 0]]))
    matrices.empty = sparse.csr_matrix((2, 3))
    for name in FORMATS:
        setattr(matrices, "dense_" + name, getattr(matrices, name).toarray())
    with h5py.File(path, "w") as file:
        matrices.write(file)


{"read": read, "write": write}[sys.argv[1]](sys.argv[2])
