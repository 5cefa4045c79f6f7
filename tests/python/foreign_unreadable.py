"""Makes a file that HDF5 is content with, of which much cannot be read: types that nothing else has, and links and references
that lead nowhere, back, or to other files.

Usage: foreign_unreadable.py FOLDER
"""

import sys
from pathlib import Path

import h5py
import numpy as np
from h5py import h5d, h5s, h5t

path = Path(sys.argv[1]) / "unreadable.h5"


def create(group, name, dtype, shape=(2,)):
    """A dataset of a type that numpy does not have."""
    h5d.create(group.id, name.encode(), dtype, h5s.create_simple(shape))


with h5py.File(path, "w") as file:
    file["numbers"] = [1, 2]
    file.attrs["sound"] = 1.5
    file.attrs["region"] = file["numbers"].regionref[:1]

    types = file.create_group("types", track_order=True)
    create(types, "time", h5t.UNIX_D32LE)
    bits = h5t.STD_B16LE.copy()
    bits.set_size(3)
    create(types, "bits", bits)
    create(types, "flags", h5t.STD_B8LE)
    integer = h5t.STD_I32LE.copy()
    integer.set_precision(24)
    create(types, "odd", integer)
    types["void"] = np.void(b"\x00\xff")
    types["named"] = np.dtype("f8")
    types["region"] = file["numbers"].regionref[1:]
    types["latin"] = np.bytes_("schön".encode("latin-1"))
    rows = np.dtype([("n", "u1"), ("part", h5py.regionref_dtype)])
    table = types.create_dataset("table", (2,), np.dtype([("inner", rows), ("x", "f4")]))
    table[0] = ((1, file["numbers"].regionref[:1]), 0.5)
    table[1] = ((2, file["numbers"].regionref[1:]), 1.5)
    types.create_group("part").attrs["part"] = file["numbers"].regionref[:1]

    links = file.create_group("links", track_order=True)
    links["sound"] = h5py.SoftLink("/numbers")
    links["nowhere"] = h5py.SoftLink("/not/there")
    links["other"] = h5py.ExternalLink("other.h5", "/x")
    links["back"] = h5py.SoftLink("/links")
    links["top"] = file["/"]
    layout = h5py.VirtualLayout((2,), "i4")
    layout[:] = h5py.VirtualSource("other.h5", "x", (2,))
    links.create_virtual_dataset("virtual", layout)

    references = file.create_group("references", track_order=True)
    gone = file.create_dataset("gone", data=np.zeros(3))
    references["gone"] = gone.ref
    references["list"] = np.array([file["numbers"].ref, gone.ref], h5py.ref_dtype)
    references.create_dataset("null", (), h5py.ref_dtype)
    loop = references.create_dataset("loop", (1,), h5py.ref_dtype)
    loop[0] = references.ref
    # The options know nothing of what is in what a reference leads to.
    references["inside"] = types.ref
    del file["gone"]

    names = file.create_group("names").create_group("50%").create_group("*")
    names[r"back\slash"] = file["numbers"].regionref[:1]
    names['"quotes"'] = 1
