"""Makes netCDF-4 files with netCDF4 and with xarray.

Usage: foreign_netcdf.py FOLDER
"""

import sys
from pathlib import Path

import netCDF4
import numpy as np
import xarray

folder = Path(sys.argv[1])

with netCDF4.Dataset(folder / "netcdf.nc", "w") as data:
    data.title = "a test"
    data.version = np.int16(3)
    data.createDimension("time", None)
    data.createDimension("y", 2)
    data.createDimension("x", 3)
    data.createDimension("length", 4)
    x = data.createVariable("x", "f8", "x")
    x.units = "m"
    x[:] = [0.5, 1.5, 2.5]
    time = data.createVariable("time", "i4", "time")
    time.units = "days since 2000-01-01"
    time[:] = [0, 1]
    values = data.createVariable("temperature", "f4", ("time", "y", "x"), fill_value=-999, zlib=True)
    values.units = "K"
    values.valid_range = np.array([0, 500], "f4")
    values[0] = np.arange(6).reshape(2, 3)
    values[1] = np.ma.masked_equal([[6, 7, 8], [9, 10, 0]], 0)
    data.createVariable("names", str, "y")[:] = np.array(["eins", "schön"], object)
    data.createVariable("letters", "S1", ("y", "length"))[:] = np.array([[b"a", b"b", b"", b""], [b"c", b"d", b"e", b"f"]])
    data.createVariable("big", ">i2", "x", endian="big")[:] = [1, 2, 300]
    sort = data.createEnumType(np.uint8, "sort_t", {"land": 0, "sea": 5})
    data.createVariable("sorts", sort, "y")[:] = np.array([5, 0], "u1")
    complex_type = data.createCompoundType(np.dtype([("re", "f8"), ("im", "f8")]), "complex_t")
    data.createVariable("waves", complex_type, "y")[:] = np.array([(1, 2), (3, 4)], complex_type.dtype)
    lists = data.createVLType(np.int32, "list_t")
    variable = data.createVariable("lists", lists, "y")
    variable[0], variable[1] = np.array([1, 2], "i4"), np.array([], "i4")
    scalar = data.createVariable("scalar", "f8", ())
    scalar[:] = 7.5
    inner = data.createGroup("inner")
    inner.createVariable("deep", "i8", "y")[:] = [10, 20]

weather = xarray.Dataset(
    {"t": (("city", "day"), np.array([[1.5, 2.5, np.nan], [4.5, 5.5, 6.5]]), {"units": "degC"})},
    coords={"city": ["Bern", "Zürich"], "day": np.array(["2000-01-01", "2000-01-02", "2000-01-04"], "M8[ns]")},
    attrs={"source": "xarray", "levels": [1, 2]},
)
weather.to_netcdf(folder / "xarray.nc", engine="netcdf4", encoding={"t": {"zlib": True, "dtype": "i2", "scale_factor": 0.5, "_FillValue": -1}})
