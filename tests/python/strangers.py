"""Makes files in a folder that lead to other files, or need a filter that is not built in."""

import pathlib
import sys

import h5py
import numpy as np

folder = pathlib.Path(sys.argv[1])

with h5py.File(folder / "secret.h5", "w") as secret:
    secret["inner/x"] = 42
    secret["numbers"] = np.arange(6, dtype="<i4")
(folder / "secret.raw").write_bytes(np.arange(6, dtype="<i4").tobytes())

with h5py.File(folder / "links.h5", "w") as file:
    file["own"] = 1
    file["to_own"] = h5py.SoftLink("/own")
    file["to_value"] = h5py.ExternalLink("secret.h5", "/inner/x")
    file["to_group"] = h5py.ExternalLink("secret.h5", "/inner")
    file["to_none"] = h5py.ExternalLink("none.h5", "/x")
    # Through an external link on the way, and through a link to such a one.
    file["soft"] = h5py.SoftLink("/to_group/x")
    file["softer"] = h5py.SoftLink("/soft")

with h5py.File(folder / "raw.h5", "w") as file:
    file.create_dataset("numbers", (6,), "<i4", external=[(str(folder / "secret.raw"), 0, h5py.h5f.UNLIMITED)])
    plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    plist.set_external(str(folder / "secret.raw").encode(), 4, 4)
    scalar = h5py.h5s.create(h5py.h5s.SCALAR)
    h5py.h5d.create(file.id, b"scalar", h5py.h5t.STD_I32LE, scalar, plist)

with h5py.File(folder / "virtual.h5", "w") as file:
    file["source"] = np.arange(6, dtype="<i4")
    for name, source in [("other", "secret.h5"), ("own", ".")]:
        layout = h5py.VirtualLayout((6,), "<i4")
        layout[:] = h5py.VirtualSource(source, "numbers" if name == "other" else "source", (6,))
        file.create_virtual_dataset(name, layout)
    # Its shape is in the other file.
    layout = h5py.VirtualLayout((1,), "<i4", maxshape=(None,))
    source = h5py.VirtualSource("secret.h5", "numbers", (6,), maxshape=(None,))
    layout[: h5py.h5s.UNLIMITED] = source[: h5py.h5s.UNLIMITED]
    file.create_virtual_dataset("open", layout)

with h5py.File(folder / "filtered.h5", "w") as file:
    plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    plist.set_chunk((6,))
    plist.set_filter(32123, h5py.h5z.FLAG_OPTIONAL, ())
    space = h5py.h5s.create_simple((6,))
    dataset = h5py.h5d.create(file.id, b"numbers", h5py.h5t.STD_I32LE, space, plist)
    dataset.write_direct_chunk((0,), np.arange(6, dtype="<i4").tobytes(), 0)
    endless = h5py.h5s.create_simple((6,), (h5py.h5s.UNLIMITED,))
    growing = h5py.h5d.create(file.id, b"growing", h5py.h5t.STD_I32LE, endless, plist)
    growing.write_direct_chunk((0,), np.arange(6, dtype="<i4").tobytes(), 0)
    text = h5py.h5d.create(file.id, b"strings", h5py.string_dtype() and h5py.h5t.py_create(h5py.string_dtype(), logical=True), space, plist)
    text.write_direct_chunk((0,), bytes(96), 0)
