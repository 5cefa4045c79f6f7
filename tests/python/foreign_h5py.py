"""Makes a file that holds what h5py writes, of every dtype that numpy has and h5py takes.

Usage: foreign_h5py.py FILE
"""

import sys

import h5py
import numpy as np

with h5py.File(sys.argv[1], "w", track_order=True) as file:
    numbers = file.create_group("numbers")
    for order, words in [("<", "little"), (">", "big")]:
        group = numbers.create_group(words)
        for code in ["i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8"]:
            info = np.iinfo(code)
            group[code] = np.array([info.min, 1, info.max], order + code)
            group["scalar_" + code] = np.array(info.max, order + code)
        group["f2"] = np.array([0.5, -65504, 2.0**-24, np.inf], order + "f2")
        group["f4"] = np.array([0.1, -3.4e38, np.inf], order + "f4")
        group["f8"] = np.array([0.1, -1.7e308, np.inf], order + "f8")
        group["c8"] = np.array([1 + 2j, -0.5j], order + "c8")
        group["c16"] = np.array([1 + 2j, -0.1j], order + "c16")
        group["dates"] = np.array(["1970-01-02", "NaT"], order + "M8[s]").astype(h5py.opaque_dtype(order + "M8[s]"))
        group["spans"] = np.array([-5, 7], order + "m8[ms]").astype(h5py.opaque_dtype(order + "m8[ms]"))
        if np.dtype("g").itemsize == 16:
            group["g"] = np.array([0.1, -1.5, np.inf, 2.0**-1074], "g").astype(np.dtype("g").newbyteorder(order))

    if np.dtype("g").itemsize == 16:
        file["third"] = np.longdouble(1) / 3
        file["wide_complex"] = np.array([1 + 2j], "G")
    file["bools"] = np.array([True, False])
    file["bool"] = np.bool_(True)
    color = h5py.enum_dtype({"red": 0, "green": 10, "blue": -3}, basetype=">i2")
    file.create_dataset("colors", data=np.array([10, -3, 0]), dtype=color)
    file.create_dataset("color", data=10, dtype=color)

    # Strings.
    file["bytes"] = np.array([b"ab", b"", b"abc"])
    file["padded"] = np.bytes_(b"ab")
    file.create_dataset("texts", data=["schön", "", "🐧"], dtype=h5py.string_dtype())
    file.create_dataset("ascii", data=["a", "bc"], dtype=h5py.string_dtype("ascii"))
    utf8 = h5py.string_dtype("utf-8", 6)
    file.create_dataset("fixed", data=np.array(["schön".encode(), b"ok"], utf8), dtype=utf8)
    file["text"] = "schön"
    file.create_dataset("grid", data=np.array([["a", "b"], ["c", "d"]], object), dtype=h5py.string_dtype())
    file.create_dataset("latin", data=np.array(["schön".encode("latin-1")]))

    # Records, nested, with arrays, in an order and with fields that nobody asks for.
    point = np.dtype([("x", ">f8"), ("y", "<f4")])
    record = np.dtype([("tag", "S4"), ("unused", "i8", (2, 2)), ("at", point), ("path", point, (2,)), ("rgb", "u1", 3), ("ok", "?")], align=True)
    data = np.zeros(2, record)
    data["tag"] = [b"one", b"two"]
    data["at"] = [(1.5, 2.5), (-1, 0)]
    data["path"]["x"] = [[1, 2], [3, 4]]
    data["rgb"] = [[1, 2, 3], [4, 5, 6]]
    data["ok"] = [True, False]
    file["records"] = data
    file["record"] = data[0]
    mixed = np.dtype([("name", h5py.string_dtype()), ("region", h5py.regionref_dtype), ("list", h5py.vlen_dtype("i4")), ("n", "i4")])
    table = file.create_dataset("mixed", (2,), mixed)
    part = file["bytes"].regionref[1:]
    table[0] = ("a", part, np.array([1, 2], "i4"), 7)
    table[1] = ("bc", part, np.array([], "i4"), 8)

    # Of variable length.
    lists = file.create_dataset("lists", (3,), h5py.vlen_dtype(">f4"))
    lists[0], lists[2] = [0.5, 1.5], [2.5]

    # What is empty, and raw.
    file["empty"] = h5py.Empty("f4")
    file["empty_text"] = h5py.Empty(h5py.string_dtype())
    file["nothing"] = np.zeros((0, 3))
    file["void"] = np.void(b"\x00\x01\xff")
    file["voids"] = np.array([b"ab", b"cd"], "V2")

    # References.
    file["objects"] = np.array([file["bools"].ref, file["text"].ref, file["numbers/little/i2"].ref], h5py.ref_dtype)
    lists = file.create_dataset("references", (3,), h5py.ref_dtype)
    lists[0], lists[2] = file["numbers/little/i2"].ref, file["numbers/big/i4"].ref
    file["reference"] = file["text"].ref
    pair = file.create_dataset("pairs", (2,), np.dtype([("name", "S3"), ("to", h5py.ref_dtype)]))
    pair[0], pair[1] = (b"one", file["texts"].ref), (b"two", file["ascii"].ref)
    loop = file.create_dataset("loop", (1,), h5py.ref_dtype)
    loop[0] = loop.ref
    file["region"] = file["numbers/little/i2"].regionref[1:]
    file["regions"] = np.array([file["bools"].regionref[:1]], h5py.regionref_dtype)
    file.create_dataset("null", (), h5py.ref_dtype)

    # Filters.
    filtered = file.create_group("filtered")
    data = np.arange(3000, dtype=">i4").reshape(60, 50)
    for name, options in {
        "gzip": {"compression": "gzip", "shuffle": True},
        "lzf": {"compression": "lzf"},
        "fletcher32": {"fletcher32": True},
        "scaleoffset": {"scaleoffset": 0},
    }.items():
        filtered.create_dataset(name, data=data, chunks=(7, 11), **options)

    # Links.
    links = file.create_group("links")
    links["soft"] = h5py.SoftLink("/bools")
    links["up"] = h5py.SoftLink("/numbers/little/i2")
    links["hard"] = file["text"]
    ordered = file.create_group("ordered", track_order=True)
    for name in ["z", "a", "m"]:
        ordered[name] = len(ordered)
    file["type"] = np.dtype("f8")

    # Attributes.
    file["text"].attrs["one"] = np.array([2.5])
    file["text"].attrs["many"] = [1, 2]
    file["text"].attrs["label"] = "x"
    file["text"].attrs["source"] = file["ascii"].ref
    file["text"].attrs["part"] = file["bools"].regionref[:1]
