"""Reads a file that was appended to, and makes a table that is appended to."""

import sys

import h5py
import numpy

path, table = sys.argv[1:]
with h5py.File(path) as f:
    steps = f["steps"]
    assert int(steps.attrs["filebacked-length"]) == int(steps.attrs["length"]) == 5000
    time = steps["time"]
    assert time.shape == (5000,) and time.maxshape == (None,) and time.chunks is not None, (time.shape, time.maxshape)
    assert (time[:] == numpy.arange(5000) / 2).all()
    at = steps["at"]
    assert at.shape == (5000, 2) and at.maxshape == (None, 2) and (at[:, 1] == -1).all()
    offsets, data = steps["name/offsets"][:], steps["name/bytes"][:].tobytes()
    assert [data[offsets[i] : offsets[i + 1]].decode() for i in (0, 7, 4999)] == ["step 0", "step 7", "step 4999"]
    values, mask = steps["note/values"], steps["note/mask"]
    assert values.maxshape == mask.maxshape == (None,) and mask[:].sum() == 2500 and (values[1::2] == 7).all()
    tags = h5py.check_enum_dtype(steps["event/tag"].dtype)
    assert tags == {"Quiet": 0, "Hit": 1}, tags
    assert (steps["event/tag"][:] == (numpy.arange(5000) % 1000 == 999)).all()
    assert list(steps["event/Hit"][:]) == [999, 1999, 2999, 3999, 4999]
    rows = f["rows"]
    assert rows.shape == (5000,) and rows.maxshape == (None,) and rows.dtype.names == ("id", "x")
    assert (rows["id"] == numpy.arange(5000)).all()

with h5py.File(table, "w") as f:
    dtype = numpy.dtype([("id", "<u4"), ("x", "<f8")])
    rows = numpy.array([(n, n / 2) for n in range(10)], dtype)
    f.create_dataset("rows", data=rows, maxshape=(None,), chunks=(4,))
    f.create_dataset("numbers", data=numpy.arange(10, dtype="<i4"), maxshape=(None,), chunks=(3,), compression="gzip")
