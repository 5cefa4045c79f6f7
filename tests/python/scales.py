"""Prints the dimension scales of a file as h5py has them, and as netCDF has them.

Usage: scales.py FILE
"""

import sys

import h5py
import netCDF4

with h5py.File(sys.argv[1]) as file:

    def show(name, found):
        if isinstance(found, h5py.Dataset):
            scales = [[scale.name for scale in dim.values()] for dim in found.dims]
            users = [(file[ref].name if ref else None, int(at)) for ref, at in found.attrs.get("REFERENCE_LIST", [])]
            print(name, found.is_scale, scales, users)

    file.visititems(show)
if sys.argv[1].endswith(".nc"):
    with netCDF4.Dataset(sys.argv[1]) as data:
        for name, variable in data.variables.items():
            print(name, variable.dimensions, variable.shape)
