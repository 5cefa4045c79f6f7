"""Reads and writes sparse matrices with AnnData, which knows nothing of the crate.

Usage: anndata_matrices.py read FILE, or anndata_matrices.py write FOLDER.
"""

import sys
import warnings
from pathlib import Path

import anndata
import h5py
import numpy as np
from anndata.experimental import read_elem, sparse_dataset, write_elem
from scipy import sparse

# Whatever scipy and AnnData have to say of what they are given; but not of how they are asked.
warnings.filterwarnings("error", module="scipy")
warnings.filterwarnings("error", category=UserWarning)


def read(path):
    """Each group of the file holds a `matrix` and the same as `dense`."""
    with h5py.File(path) as file:
        for name, group in file.items():
            matrix, dense = read_elem(group["matrix"]), group["dense"][()]
            assert isinstance(matrix, (sparse.csr_matrix, sparse.csc_matrix)), (name, type(matrix))
            assert matrix.dtype == dense.dtype, (name, matrix.dtype)
            assert matrix.indices.dtype == matrix.indptr.dtype == np.int32, (name, matrix.indices.dtype)
            matrix.check_format()
            assert matrix.has_canonical_format, name
            np.testing.assert_array_equal(matrix.toarray(), dense)
            np.testing.assert_array_equal(matrix @ np.ones(matrix.shape[1]), dense.sum(axis=1))
            # Parts of it, without the rest.
            backed = sparse_dataset(group["matrix"])
            assert backed.shape == dense.shape, name
            np.testing.assert_array_equal(backed[1:, :2].toarray(), dense[1:, :2])
            print(name, matrix.format)


def write(folder):
    """Writes a whole data set, and matrices that are not in order."""
    folder = Path(folder)
    counts = sparse.random(40, 30, density=0.1, format="csr", dtype=np.float32, random_state=2)
    data = anndata.AnnData(X=counts)
    data.layers["csc"] = counts.tocsc().astype(np.float64)
    data.layers["dense"] = counts.toarray()
    data.obsp["distances"] = sparse.random(40, 40, density=0.05, format="csr", random_state=3)
    data.write_h5ad(folder / "plain.h5ad")
    data.write_h5ad(folder / "compressed.h5ad", compression="gzip")
    if hasattr(anndata.settings, "write_csr_csc_indices_with_min_possible_dtype"):
        anndata.settings.write_csr_csc_indices_with_min_possible_dtype = True
    data.write_h5ad(folder / "small.h5ad")

    with h5py.File(folder / "disorder.h5", "w") as file:
        # Rows that are not sorted, and entries that scipy adds up.
        indptr, indices = np.array([0, 4, 4, 7]), np.array([3, 1, 3, 0, 2, 2, 2])
        values = np.array([1.5, 2.5, 3.5, 4.5, 1e16, 1.0, -1e16])
        for name, matrix in [
            ("csr", sparse.csr_matrix((values, indices, indptr), shape=(3, 4), copy=True)),
            ("csc", sparse.csc_matrix((values, indices, indptr), shape=(4, 3), copy=True)),
        ]:
            assert not matrix.has_canonical_format
            write_elem(file, name, matrix)
            file[name + "_dense"] = matrix.toarray()
            matrix.sum_duplicates()
            write_elem(file, name + "_summed", matrix)


{"read": read, "write": write}[sys.argv[1]](sys.argv[2])
