"""Opens a file that holds every encoding of FORMAT.md with programs that have never heard of the crate, and asserts what
each makes of it.

Usage: others.py FILE. Prints the name of each program that has opened it.
"""

import sys
import warnings

import anndata
import h5py
import netCDF4
import numpy as np
import pandas as pd
import tables
from anndata.io import read_elem

warnings.filterwarnings("ignore")
path = sys.argv[1]


def pytables():
    """Every node can be listed; what has a type that PyTables knows can be read, and tables are tables."""
    with tables.open_file(path) as file:
        seen = {node._v_pathname: node for node in file.walk_nodes("/")}
        with h5py.File(path) as other:
            names = ["/"]
            other.visit(lambda name: names.append("/" + name))
        assert set(names) <= set(seen), set(names) - set(seen)
        assert len(names) > 300, len(names)
        numbers = file.get_node("/sequences of numbers/i32")
        assert numbers.read().tolist() == [1, -2, 3]
        table = file.get_node("/sequences of flat records/tuples")
        assert isinstance(table, tables.Table), table
        assert table.colnames == ["0", "1"], table.colnames


def pandas():
    """A table is a frame, by way of PyTables or h5py; columns are those of one, too."""
    with h5py.File(path) as file:
        records = pd.DataFrame.from_records(file["sequences of flat records/tuples"][:])
        assert list(records.columns) == ["0", "1"] and len(records) == 2, records


def elements():
    """Plain groups are dictionaries, and what AnnData has a name for is that."""
    with h5py.File(path) as file:
        matrices = file["sparse matrices"]
        csr = read_elem(matrices["csr"])
        assert csr.toarray().tolist() == [[0, 1.5, 0, 0], [0, 0, 0, 0], [-2.5, 0, 0, 0]], csr
        integers = read_elem(file["sequences of options/integers"])
        assert isinstance(integers, pd.arrays.IntegerArray), integers
        bools = read_elem(file["sequences of options/bools"])
        assert isinstance(bools, pd.arrays.BooleanArray), bools
        assert integers.tolist() == [1, pd.NA, 3] and bools.tolist() == [True, pd.NA], (integers, bools)
        settings = read_elem(file["structs/plain"])
        assert settings["steps"] == 10 and settings["dt"] == 0.1, settings


def netcdf():
    """Numbers with dimensions are variables of dimensions that have no names; groups are groups."""
    with netCDF4.Dataset(path) as data:
        numbers = data["sequences of numbers"]["i32"]
        assert numbers[:].tolist() == [1, -2, 3], numbers
        assert len(data.groups) == 33, len(data.groups)
        assert data["integers and floats"]["i64"][...] == -(2**63)
        assert set(data["sequences of other records"].groups)


for name, program in {"pytables": pytables, "pandas": pandas, "anndata": elements, "netcdf4": netcdf}.items():
    program()
    print(name)
