"""Writes to the path in the first argument a file with what h5py makes, of which the tests know no type; to that in the
second, one with what the crate does not read."""

import sys

import h5py
import numpy as np

with h5py.File(sys.argv[1], "w", track_order=True) as file:
    file.attrs["title"] = "from h5py"
    file.attrs["version"] = np.int16(3)
    file.attrs["range"] = [0.5, 1.5]
    file.attrs["authors"] = ["Ada", "Grace"]
    grid = file.create_dataset("grid", data=np.arange(24, dtype=">f4").reshape(2, 3, 4), compression="gzip")
    grid.attrs["unit"] = "m"
    file["complex"] = np.array([1 + 2j, 3 - 4j])
    file["flags"] = np.array([[True, False]])
    file["names"] = ["one", "zwei"]
    file["none"] = h5py.Empty("f4")
    file["step"] = np.uint8(7)
    file["table"] = np.array([(1, [0.5, 1.5]), (2, [2.5, 3.5])], dtype=[("id", "u4"), ("at", "f8", 2)])
    colour = h5py.enum_dtype({"RED": 0, "GREEN": 1, "BLUE": 2}, basetype="u1")
    file.create_dataset("colours", data=[2, 0, 1], dtype=colour)
    ragged = file.create_dataset("ragged", (2,), dtype=h5py.vlen_dtype(np.int32))
    ragged[0], ragged[1] = [1, 2, 3], [4]
    inner = file.create_group("inner")
    inner["x"] = 1.5
    inner["again"] = h5py.SoftLink("/step")
    file.create_group("empty")

if len(sys.argv) > 2:
    with h5py.File(sys.argv[2], "w") as file:
        there = file.create_dataset("there", data=[1, 2])
        file.create_dataset("regions", data=there.regionref[:1], dtype=h5py.regionref_dtype)
        there.attrs["region"] = there.regionref[:1]
