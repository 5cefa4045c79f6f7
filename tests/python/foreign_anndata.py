"""Makes data sets as AnnData writes them, and a column as it was before version 0.8.

Usage: foreign_anndata.py FOLDER
"""

import sys
import warnings
from pathlib import Path

import anndata
import h5py
import numpy as np
import pandas as pd
from anndata.io import write_elem
from scipy import sparse

warnings.filterwarnings("ignore")
folder = Path(sys.argv[1])
if hasattr(anndata.settings, "allow_write_nullable_strings"):
    anndata.settings.allow_write_nullable_strings = True

obs = pd.DataFrame(
    {
        "kind": pd.Categorical(["T", None, "B"], categories=["B", "T", "NK"], ordered=True),
        "batch": pd.Categorical([20, 10, 20]),
        "count": pd.array([1, None, 3], "Int32"),
        "passed": pd.array([True, None, False], "boolean"),
        "score": [0.5, np.nan, 1.5],
        "label": np.array(["a", "schön", ""], object),
    },
    index=["cell0", "cell1", "cell2"],
)
var = pd.DataFrame(index=["gene0", "gene1"])
counts = sparse.csr_matrix(np.array([[0, 1], [2, 0], [0, 3]], "f4"))
data = anndata.AnnData(X=counts, obs=obs, var=var)
data.layers["dense"] = counts.toarray()
data.layers["csc"] = counts.tocsc()
data.obsm["pca"] = np.arange(6, dtype="f8").reshape(3, 2)
data.uns["settings"] = {"method": "leiden", "params": {"resolution": 0.5, "steps": 10, "names": np.array(["x", "y"])}}
data.uns["nothing"] = {}
data.write_h5ad(folder / "data.h5ad")

with h5py.File(folder / "more.h5", "w") as file:
    write_elem(file, "strings", pd.array(["a", None, "c"], "string"))
    write_elem(file, "empty", pd.DataFrame(index=[]))
    write_elem(file, "table", np.array([(1, 2.5), (3, 4.5)], [("n", "i4"), ("x", "f8")]))
    if tuple(map(int, anndata.__version__.split(".")[:2])) >= (0, 12):
        write_elem(file, "none", None)
    # AnnData 0.7: https://anndata.readthedocs.io/en/0.7.8/fileformat-prose.html
    frame = file.create_group("old")
    frame.attrs.update({"encoding-type": "dataframe", "encoding-version": "0.1.0", "_index": "name"})
    frame.attrs["column-order"] = np.array(["kind", "n"], h5py.string_dtype())
    frame["name"] = np.array(["c0", "c1", "c2"], h5py.string_dtype())
    frame["n"] = np.arange(3)
    frame["__categories/kind"] = np.array(["B", "T"], h5py.string_dtype())
    frame["kind"] = np.array([1, -1, 0], "i1")
    frame["kind"].attrs["categories"] = frame["__categories/kind"].ref
    # Codes without a category.
    broken = file.create_group("broken")
    broken.attrs.update({"encoding-type": "categorical", "encoding-version": "0.2.0", "ordered": False})
    broken["codes"] = np.array([0, 7], "i1")
    broken["categories"] = np.array(["a"], h5py.string_dtype())
