"""Looks at a file that was appended to with options, and makes one that is appended to.

Usage: append_options.py check|write|again|locked FILE.
"""

import json
import sys

import h5py
import numpy

task, path = sys.argv[1:]
FILTERS = {1: "gzip", 2: "shuffle", 3: "fletcher32", 32000: "lzf"}


def filters(dataset):
    plist = dataset.id.get_create_plist()
    return " ".join(FILTERS[plist.get_filter(index)[0]] for index in range(plist.get_nfilters()))


if task == "check":
    found = {}

    def look(name, dataset):
        if isinstance(dataset, h5py.Dataset):
            found[name] = {
                "filters": filters(dataset),
                "chunks": dataset.chunks,
                "shape": dataset.shape,
                "stored": dataset.id.get_storage_size(),
            }

    with h5py.File(path) as f:
        steps = f["steps"]
        steps.visititems(look)
        count = steps.attrs["filebacked-length"]
        index = numpy.arange(count)
        assert (steps["time"][:count] == index * 0.5).all()
        assert (steps["at"][:count] == numpy.stack([index, index * 0 - 1, index * 0 + 7], 1)).all()
        offsets, data = steps["name/offsets"][:], steps["name/bytes"][:].tobytes()
        assert all(data[offsets[i] : offsets[i + 1]].decode() == f"step {i}" for i in range(count))
        tags = h5py.check_enum_dtype(steps["event/tag"].dtype)
        assert ((steps["event/tag"][:count] == tags["Hit"]) == (index % 50 == 20)).all()
        assert (steps["event/Hit"][:] == index[index % 50 == 20]).all()
    print(json.dumps(found))
elif task == "write":
    noise = numpy.random.default_rng(1).integers(-(2**31), 2**31, 50, "i4")
    data = numpy.arange(50, dtype="<i4")
    with h5py.File(path, "w") as f:
        for own in ("false", "true"):
            def make(name, data, chunks=(20,), **options):
                f.create_dataset(f"{name} {own}", data=data, maxshape=(None,), chunks=chunks, **options)

            make("gzip", data, compression="gzip", shuffle=True)
            make("lzf", data, compression="lzf", shuffle=True)
            make("checked", data, compression="lzf", fletcher32=True)
            make("shuffled", data, shuffle=True)
            # LZF is left out of its chunks, and the shuffle is not.
            make("noise", noise, compression="lzf", shuffle=True)
            make("two", data, (25,), compression="gzip")
            make("big", data.astype(">i4"), compression="gzip")
            make("scaleoffset", data, scaleoffset=0)
        f.create_dataset("big lzf", data=data.astype(">i4"), maxshape=(None,), chunks=(20,), compression="lzf")
elif task == "again":
    with h5py.File(path) as f:
        more = numpy.concatenate([numpy.arange(25)] * 2)
        for name, dataset in f.items():
            if name != "big lzf":
                assert dataset.shape == (100,) and (dataset[50:] == more).all(), name
                expected = {"gzip": "shuffle gzip", "checked": "lzf fletcher32", "two": "gzip", "shuffled": "shuffle"}
                wanted = expected.get(name.split()[0])
                assert wanted is None or filters(dataset) == wanted, name
                assert dataset.chunks in ((20,), (25,)), name
    print("done")
else:
    with h5py.File(path) as f:
        assert (f["x"][:10] == numpy.arange(10)).all()
    print("read")
