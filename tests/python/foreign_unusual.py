"""Makes files that store what is usual in ways that are not: scalars in one element, characters one by one, logicals, complex
numbers by any name, wide integers, names in other encodings, and objects that are broken beside others that are not.

Usage: foreign_unusual.py FOLDER
"""

import sys
from pathlib import Path

import h5py
import netCDF4
import numpy as np
from h5py import h5a, h5d, h5s, h5t

folder = Path(sys.argv[1])
text = h5py.string_dtype()


def create(group, name, dtype, data, shape=None):
    """A dataset of a type that numpy does not have, whose items are the bytes of `data`."""
    space = h5s.create_simple(data.shape if shape is None else shape)
    h5d.create(group.id, name.encode(), dtype, space).write(h5s.ALL, h5s.ALL, data, mtype=dtype)


def enum(base, members):
    dtype = h5t.enum_create(base)
    for name, value in members:
        dtype.enum_insert(name.encode(), value)
    return dtype


with h5py.File(folder / "one_element.h5", "w") as file:
    file["f64"] = np.array([1.5])
    file["f32"] = np.array([[0.5]], ">f4")
    for code in ["i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8"]:
        file[code] = np.array([7], code)
    file["bool"] = np.array([True])
    file["text"] = np.array(["t"], text)
    file["fixed"] = np.array([b"fixed"])
    file.create_dataset("enum", data=np.array([10], "i2"), dtype=h5py.enum_dtype({"Red": 0, "Green": 10}, "i2"))
    file["complex"] = np.array([1 + 2j])
    file["record"] = np.array([(1, 2.5)], [("x", "i4"), ("y", "f8")])
    file["bytes"] = np.array([b"ab"], "V2")
    file["deep"] = np.array([[[2.5]]])
    file["zip"] = np.array([3], "i4")
    file.create_dataset("chunked", data=np.array([4.5]), chunks=(1,), maxshape=(None,), compression="gzip")
    file["reference"] = np.array([file["f64"].ref], h5py.ref_dtype)
    file["byte"] = np.array([200], "u1")
    file["f16"] = np.array([0.5], "f2")
    file["long"] = np.array([0.5], "g")
    file["time"] = np.array([3600], "M8[s]").astype(h5py.opaque_dtype(np.dtype("M8[s]")))
    file.create_dataset("list", data=np.array([np.array([1, 2, 3], "i4"), None], object)[:1], dtype=h5py.vlen_dtype("i4"))
    wide = h5t.STD_U64LE.copy()
    wide.set_size(16)
    wide.set_precision(128)
    create(file, "wide", wide, np.frombuffer((2**100).to_bytes(16, "little"), "V16").copy())
    file["inner"] = np.array([([1.5], [2, 3]), ([4.5], [5, 6])], [("one", "f8", (1,)), ("two", "i4", (2,))])
    create(file, "pair", h5t.array_create(h5t.IEEE_F32LE, (2,)), np.array([[0.5, 1.5]], "f4"), (1,))
    file.attrs["bytes"] = np.array([1, 2], "u1")
    file.attrs["byte"] = np.array([3], "u1")

with h5py.File(folder / "chars.h5", "w") as file:
    file["title"] = np.array(list("hello"), "S1")
    file["padded"] = np.array([b"a", b"b", b"", b""], "S1")
    file["one"] = np.array([b"x"], "S1")
    file["grid"] = np.array([list("ab"), list("cd")], "S1")
    file.create_dataset("packed", data=np.array(list("packed"), "S1"), compression="gzip")

with h5py.File(folder / "lzf.h5", "w") as file:
    file.create_dataset("s", data=["a", "é"], dtype=text, compression="lzf")
    many = ["the same text again and again %d" % (n % 7) for n in range(5000)]
    file.create_dataset("many", data=many, dtype=text, compression="lzf", shuffle=True, chunks=(512,))
    lists = file.create_dataset("lists", (200,), h5py.vlen_dtype("i4"), compression="lzf", shuffle=True)
    for n in range(200):
        lists[n] = np.arange(n % 3)
    table = np.dtype([("n", "i4"), ("name", text)])
    file.create_dataset("table", data=np.array([(n, "name") for n in range(300)], table), compression="lzf")
    file.create_dataset("noise", data=[chr(97 + n) for n in range(3)], dtype=text, compression="lzf")
    # What comes to LZF is shorter than the chunk.
    file.create_dataset("scaled", data=np.arange(4096) // 512, chunks=(4096,), scaleoffset=0, compression="lzf")

with h5py.File(folder / "logical.h5", "w") as file:
    for name, base, members, values in [
        ("hdf5r", h5t.STD_U8LE, [("FALSE", 0), ("TRUE", 1), ("NA", 2)], [1, 0, 2]),
        ("rhdf5", h5t.STD_I32LE, [("NA", -2147483648), ("TRUE", 1), ("FALSE", 0)], [1, 0, -2147483648]),
        ("mixed", h5t.STD_I16BE, [("na", 9), ("False", 4), ("True", 7)], [7, 4, 9]),
        ("full", h5t.STD_U8LE, [("FALSE", 0), ("TRUE", 1), ("NA", 2)], [1, 0, 1]),
        ("lower", h5t.STD_I8LE, [("False", 0), ("True", 1)], [1, 0, 1]),
        ("order", h5t.STD_I8LE, [("TRUE", 0), ("FALSE", 1)], [0, 1, 0]),
        ("wide", h5t.STD_I64LE, [("FALSE", 0), ("TRUE", 1)], [1, 0, 1]),
        ("other", h5t.STD_U8LE, [("FALSE", 0), ("TRUE", 1), ("MAYBE", 2)], [1, 0, 2]),
    ]:
        dtype = enum(base, members)
        code = ("u" if base.get_sign() == h5t.SGN_NONE else "i") + str(base.get_size())
        code = (">" if base.get_order() == h5t.ORDER_BE else "<") + code
        create(file, name, dtype, np.array(values, code))
        create(file, name + "_one", dtype, np.array(values[2:], code))
        space = h5s.create(h5s.SCALAR)
        h5d.create(file.id, (name + "_scalar").encode(), dtype, space).write(
            h5s.ALL, h5s.ALL, np.array(values[2], code), mtype=dtype
        )

with h5py.File(folder / "array_type.h5", "w") as file:
    points = h5t.array_create(h5t.IEEE_F32LE, (3,))
    create(file, "points", points, np.arange(6, dtype="f4").reshape(2, 3), (2,))
    create(file, "big", h5t.array_create(h5t.STD_I16BE, (2, 2)), np.arange(12, dtype=">i2").reshape(3, 2, 2), (3,))
    nested = h5t.array_create(h5t.array_create(h5t.STD_U8LE, (2,)), (3,))
    create(file, "nested", nested, np.arange(12, dtype="u1").reshape(2, 3, 2), (2,))
    lists = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    lists.set_chunk((2,))
    lists.set_deflate(4)
    packed = h5d.create(file.id, b"packed", points, h5s.create_simple((5,)), lists)
    packed.write(h5s.ALL, h5s.ALL, np.arange(15, dtype="f4").reshape(5, 3), mtype=points)
    scalar = h5d.create(file.id, b"scalar", points, h5s.create(h5s.SCALAR))
    scalar.write(h5s.ALL, h5s.ALL, np.arange(3, dtype="f4"), mtype=points)
    create(file, "one", h5t.array_create(h5t.IEEE_F32LE, (1,)), np.array([[1.5]], "f4"), (1,))
    h5d.create(file.id, b"none", h5t.array_create(h5t.STD_U8LE, (2**32 - 1,)), h5s.create_simple((0,)))
    attribute = h5a.create(file.id, b"points", points, h5s.create_simple((2,)))
    attribute.write(np.arange(6, dtype="f4").reshape(2, 3), mtype=points)

with h5py.File(folder / "complex.h5", "w") as file:
    values = [(1, 2), (3, -0.5)]
    for re, im in [("r", "i"), ("re", "im"), ("real", "imag"), ("R", "I"), ("Re", "Im"), ("REAL", "IMAG"), ("real", "imaginary")]:
        for code in ["f2", "f4", "f8", ">f8"]:
            file[f"{re}_{im}_{code}"] = np.array(values, [(re, code), (im, code)])
    file["integers"] = np.array([(1, 2), (3, -4)], [("r", "i2"), ("i", "i2")])
    file["xy"] = np.array(values, [("x", "f8"), ("y", "f8")])
    file["scalar"] = np.array((1, 2), [("real", "f8"), ("imag", "f8")])
    file["other"] = [1, 2, 3]
    file.attrs["z"] = np.array(values, [("real", "f4"), ("imag", "f4")])

if hasattr(h5t, "COMPLEX_IEEE_F64LE"):
    with h5py.File(folder / "native_complex.h5", "w", libver="latest") as file:
        for name, code in [("F32LE", "<c8"), ("F64LE", "<c16"), ("F32BE", ">c8"), ("F64BE", ">c16")]:
            dtype = getattr(h5t, f"COMPLEX_IEEE_{name}")
            create(file, name, dtype, np.array([1 + 2j, 3], code))
    # Apart, as older libraries cannot look for the attributes of such a group.
    with h5py.File(folder / "complex_attributes.h5", "w", libver="latest") as file:
        for name, code in [("F32LE", "<c8"), ("F64LE", "<c16"), ("F32BE", ">c8"), ("F64BE", ">c16")]:
            dtype = getattr(h5t, f"COMPLEX_IEEE_{name}")
            for kind, space in [("one", h5s.create(h5s.SCALAR)), ("two", h5s.create_simple((2,)))]:
                attribute = h5a.create(file.id, f"{kind} {name}".encode(), dtype, space)
                attribute.write(np.array([1 + 2j, 3], code)[: 1 if kind == "one" else 2].reshape(space.shape), mtype=dtype)
        pairs = h5t.array_create(h5t.COMPLEX_IEEE_F64LE, (2,))
        fields = h5t.create(h5t.COMPOUND, 24)
        fields.insert(b"n", 0, h5t.STD_I64LE)
        fields.insert(b"z", 8, h5t.COMPLEX_IEEE_F64LE)
        values = np.array([1 + 2j, 3], "<c16")
        h5a.create(file.id, b"pairs", pairs, h5s.create(h5s.SCALAR)).write(values.view("V32"), mtype=pairs)
        raw = np.frombuffer(np.int64(7).tobytes() + values[:1].tobytes(), "V24").reshape(())
        h5a.create(file.id, b"fields", fields, h5s.create(h5s.SCALAR)).write(raw, mtype=fields)

with h5py.File(folder / "wide.h5", "w") as file:
    for name, base, order, signed, values in [
        ("u128be", h5t.STD_U64BE, "big", False, [2**64 - 1, 2**128 - 1]),
        ("u128le", h5t.STD_U64LE, "little", False, [7, 2**100]),
        ("i128le", h5t.STD_I64LE, "little", True, [-7, -(2**100)]),
        ("i128be", h5t.STD_I64BE, "big", True, [2**127 - 1, -(2**127)]),
    ]:
        dtype = base.copy()
        dtype.set_size(16)
        dtype.set_precision(128)
        raw = np.frombuffer(b"".join(value.to_bytes(16, order, signed=signed) for value in values), "V16").copy()
        create(file, name, dtype, raw)
        h5a.create(file.id, name.encode(), dtype, h5s.create(h5s.SCALAR)).write(raw[:1].reshape(()), mtype=dtype)

with h5py.File(folder / "f16.h5", "w") as file:
    file["h"] = np.array([1, 2, 3], "f2")
    file["scalar"] = np.float16(0.5)
    file["f32"] = np.array([1.5, 65504], "f4")
    file["fine"] = np.array([0.1], "f4")
    file["bits"] = np.array([15360], "u2")
    file["table"] = np.array([(1, 2.5)], [("n", "i4"), ("h", "f2")])

with h5py.File(folder / "latin.h5", "w") as file:
    file["ok"] = 1
    file[b"caf\xe9"], file[b"caf\xe8"] = 1, 2
    file["100%"], file["a%E9"] = 3, 4
    file.create_group(b"\xff\xfe")["inside"] = 5
    file[b"soft\xe9"] = h5py.SoftLink("/ok")
    for name, value in [(b"caf\xe9", 5), (b"caf\xe8", 6)]:
        h5a.create(file.id, name, h5t.NATIVE_INT32, h5s.create(h5s.SCALAR)).write(np.array(value, "i4"))
    field = h5t.create(h5t.COMPOUND, 8)
    field.insert(b"caf\xe9", 0, h5t.STD_I32LE)
    field.insert(b"n", 4, h5t.STD_I32LE)
    create(file, "field", field, np.array([(1, 2)], [("a", "i4"), ("b", "i4")]))
    member = h5t.enum_create(h5t.STD_U8LE)
    member.enum_insert(b"caf\xe9", 0)
    create(file, "member", member, np.array([0], "u1"))
    record = h5a.create(file.id, b"record", field, h5s.create(h5s.SCALAR))
    record.write(np.array((5, 6), [("a", "i4"), ("b", "i4")]), mtype=field)

with h5py.File(folder / "alike.h5", "w") as file:
    both = file.create_group("both")
    for name, value in [(b"caf%E9", 1), (b"caf\xe9", 2), (b"\xff%C3%A9", 3)]:
        both[name] = value
    for name, value in [(b"caf%E9", 4), (b"caf\xe9", 5)]:
        h5a.create(both.id, name, h5t.NATIVE_INT32, h5s.create(h5s.SCALAR)).write(np.array(value, "i4"))
    for name, value in [(b"caf%25E9", 1), (b"caf\xe9", 2)]:
        file.require_group("escaped")[name] = value
    for name, value in [(b"100%", 1), (b"100%25", 2)]:
        file.require_group("percent")[name] = value
    fields = h5t.create(h5t.COMPOUND, 8)
    fields.insert(b"caf\xe9", 0, h5t.STD_I32LE)
    fields.insert(b"caf%E9", 4, h5t.STD_I32LE)
    create(file, "fields", fields, np.array([(1, 2)], [("a", "i4"), ("b", "i4")]))
    members = h5t.enum_create(h5t.STD_U8LE)
    for name, value in [(b"caf\xe9", 0), (b"caf%E9", 1)]:
        members.enum_insert(name, value)
    create(file, "members", members, np.array([0, 1], "u1"))
    refers = file.create_group("refers")
    refers.create_group("other")[b"caf\xe9"] = 7
    refers["owner"] = 1
    refers["owner"].attrs["led"] = refers["other"][b"caf\xe9"].ref

with h5py.File(folder / "at.h5", "w") as file:
    file["@id"] = "child"
    file.attrs["id"] = "attribute"
    file["x"] = 1.5

with netCDF4.Dataset(folder / "enum_fill.nc", "w") as data:
    kind = data.createEnumType("u1", "kind", {"land": 1, "sea": 2})
    data.createDimension("x", 3)
    data.createVariable("kinds", kind, "x")[0:1] = [1]
    data.createVariable("other", "f8", "x")[:] = 1

with h5py.File(folder / "broken.h5", "w") as file:
    file["good"] = [1, 2, 3]
    broken = file.create_dataset("checksum", (10,), "i4", chunks=(10,), fletcher32=True)
    broken.id.write_direct_chunk((0,), b"\1" * 44, 0)
    broken = file.create_dataset("chunk", (10,), "i4", chunks=(10,), compression="gzip")
    broken.id.write_direct_chunk((0,), b"\1" * 20, 0)
    broken = file.create_dataset("lzf", (2,), text, chunks=(2,), compression="lzf")
    broken.id.write_direct_chunk((0,), b"\xff" * 20, 0)
    broken = file.create_dataset("short", (2,), text, chunks=(2,), compression="lzf")
    broken.id.write_direct_chunk((0,), b"\3abcd", 0)
    create(file, "bools", enum(h5t.STD_I8LE, [("FALSE", 0), ("TRUE", 1)]), np.array([0, 5], "i1"))
    file["latin"] = np.array([b"caf\xe9"])
    file["rows"] = np.array([(1, b"caf\xe9"), (2, b"b")], [("n", "i4"), ("s", "S4")])
    file["inside"] = np.array([file["good"].ref], h5py.ref_dtype)
    file["last"] = "end"

with h5py.File(folder / "order.h5", "w", track_order=True) as file:
    for name in "cab":
        file.attrs[name] = 1
    data = file.create_dataset("data", data=[1], track_order=True)
    for name in "zyxwvutsrqponm":
        data.attrs[name] = 1

with h5py.File(folder / "attributes.h5", "w") as file:
    file["x"] = [1.5]
    for target in [file, file["x"]]:
        attrs = target.attrs
        attrs["compound"] = np.array((1, 2.5), [("x", "i4"), ("y", "f8")])
        nested = np.dtype([("p", [("x", "f4"), ("ok", "?")]), ("rgb", "u1", 3), ("name", "S4")])
        attrs["nested"] = np.array([((0.5, True), [1, 2, 3], b"one"), ((1.5, False), [4, 5, 6], b"two")], nested)
        attrs["complex"] = 1 + 2j
        attrs["complexes"] = np.array([[1 + 2j, 3]], "c8")
        attrs["grid"] = np.array([["a", "bc"], ["", "é"]], text)
        attrs["numbers"] = np.arange(6, dtype="i2").reshape(2, 3)
        attrs["opaque"] = np.void(b"abc")
        attrs["opaques"] = np.array([b"ab", b"cd"], "V2")
        attrs["long"] = "x" * 70000
        attrs["flags"] = np.array([[True, False]])
        attrs["text"], attrs["texts"], attrs["half"] = "t", np.array(["a", "bc"], text), np.float32(0.5)
        attrs.create("nothing", h5py.Empty("f8"))
        dtype = h5t.STD_U64LE.copy()
        dtype.set_size(16)
        dtype.set_precision(128)
        raw = np.frombuffer((2**100).to_bytes(16, "little"), "V16").copy().reshape(())
        h5a.create(target.id, b"wide", dtype, h5s.create(h5s.SCALAR)).write(raw, mtype=dtype)

with h5py.File(folder / "types.h5", "w", track_order=True) as file:
    file["x"], file["y"] = [1.5, 2.5], [3]
    inner = file.create_group("g", track_order=True)
    inner["z"] = 7
    holder = inner.create_dataset("holder", data=[1], track_order=True)
    for target in [file, inner, holder]:
        attrs = target.attrs
        attrs["zz fixed"] = np.bytes_("fixed")
        attrs["fixed"] = np.array([b"abc", b"d"])
        attrs["ascii"] = np.array(["a", "bcd"], h5py.string_dtype("ascii"))
        attrs["utf8"] = np.array("é".encode(), h5py.string_dtype("utf-8", 6))
        attrs.create("none", np.zeros(0, "S3"))
        attrs.create("null", h5py.Empty("S3"))
        attrs["big"] = np.array([1, 2], ">i4")
        attrs["half"] = np.float16(0.5)
        attrs["plain"], attrs["one"], attrs["text"] = 1, np.array([7], "u2"), "text"
        attrs.create("enum", np.array([10, 0], "i2"), dtype=h5py.enum_dtype({"Red": 0, "Green": 10}, "i2"))
        attrs["time"] = np.array("2026-01-02", "M8[s]").astype(h5py.opaque_dtype("M8[s]"))
        attrs["lists"] = np.array([np.arange(3, dtype=">i2"), np.arange(0, dtype=">i2")], object).astype(
            h5py.vlen_dtype(np.dtype(">i2"))
        )
        record = np.dtype([("name", text), ("of", h5py.ref_dtype), ("n", ">u4")])
        attrs["record"] = np.array([("é", file["x"].ref, 1), ("b", inner["z"].ref, 2)], record)
        attrs["reference"] = inner.ref
        attrs["references"] = np.array([holder.ref, h5py.Reference(), file.ref], h5py.ref_dtype)
        attrs["region"] = file["x"].regionref[0:1]
        attrs["long"] = np.bytes_("y" * 70_000)
        bits = h5t.STD_B16LE.copy()
        h5a.create(target.id, b"bits", bits, h5s.create(h5s.SCALAR)).write(np.array(5, "u2"), mtype=bits)
        pairs = h5t.array_create(h5t.STD_I16BE, (2,))
        h5a.create(target.id, b"pairs", pairs, h5s.create_simple((2,))).write(np.array([[1, 2], [3, 4]], ">i2"), mtype=pairs)
        strings = h5t.C_S1.copy()
        strings.set_size(6)
        strings.set_strpad(h5t.STR_SPACEPAD)
        h5a.create(target.id, b"padded", strings, h5s.create(h5s.SCALAR)).write(np.array(b"ab    ", "S6"), mtype=strings)

with h5py.File(folder / "scales.h5", "w") as file:
    file["x"], file["data"], file["other"] = [1.0, 2.0], [[3.0, 4.0]], [5.0, 6.0]
    file["x"].make_scale("x")
    group = file.create_group("group")
    group["y"] = [0]
    group["y"].make_scale("y")
    file["data"].dims[0].attach_scale(group["y"])
    file["data"].dims[1].attach_scale(file["x"])
    file["other"].dims[0].attach_scale(file["x"])

with netCDF4.Dataset(folder / "scales.nc", "w") as data:
    data.createDimension("t", 2)
    data.createDimension("bare", 3)
    data.createVariable("t", "f8", "t")[:] = [1, 2]
    variable = data.createVariable("v", "f4", ("t", "bare"))
    variable[:] = 1
    variable.units, variable.flags = "m", np.array([1, 2], "i1")

with h5py.File(folder / "round.h5", "w") as file:
    file["f8"], file["f4"] = np.array([0.1, 2]), np.array([0.1, 2], "f4")
    file["i8"], file["u8"] = np.array([2**24 + 1, -3], "i8"), np.array([2**64 - 1], "u8")
    file["c16"] = np.array([0.1 - 0.2j])
    file["large"], file["infinite"] = np.array([1e300]), np.array([np.inf])
    file.create_dataset("packed", data=np.full((50, 3), 0.1), chunks=(7, 2), compression="gzip")
    file.attrs["f8"] = np.array([0.1, 2])

with h5py.File(folder / "nulls.h5", "w") as file:
    file["target"] = [1, 2, 3]
    region = file["target"].regionref[0:1]
    file["latin"] = np.array([b"a", b"caf\xe9"])
    file["rows"] = np.array([(1, b"caf\xe9"), (2, b"b")], [("n", "i4"), ("s", "S4")])
    file.create_dataset("regions", (2,), h5py.regionref_dtype)[0] = region
    file["part"] = np.array([(1, region)], [("n", "i4"), ("r", h5py.regionref_dtype)])
    file.attrs["latin"] = np.bytes_(b"caf\xe9")
    file.attrs["region"], file.attrs["ok"] = region, 1
    del file["target"]

with h5py.File(folder / "grow.h5", "w") as file:
    texts = [f"text {n}" for n in range(20)]
    file.create_dataset("s", data=texts, dtype=text, compression="lzf", maxshape=(None,), chunks=(16,))
    file.create_dataset("fixed", data=np.array([b"abc"]), maxshape=(None,), chunks=(16,))

with h5py.File(folder / "table.h5", "w") as file:
    kind = h5py.enum_dtype({"Red": 0, "Green": 10}, "i2")
    inner = np.dtype([("x", ">f4"), ("y", "f8")])
    record = [("n", "i2"), ("ok", "?"), ("name", "S4"), ("kind", kind), ("z", "c16"), ("inner", inner), ("a", "u1", 2), ("v", "V2")]
    file["t"] = np.array(
        [
            (1, True, "é".encode(), 0, 1j, (0.5, 0.5), [1, 2], b"ab"),
            (2, False, b"b", 10, 2, (1.5, 1.5), [3, 4], b"cd"),
            (3, True, b"c", 0, 3, (2.5, 2.5), [5, 6], b"ef"),
        ],
        record,
    )
    file["tuples"] = np.array([(1, 0.5), (2, 1.5)], [("0", "i4"), ("1", "f8")])
    file["nan"] = np.array([(1, np.nan)], [("n", "i4"), ("x", "f8")])
    file["broken"] = np.array([(1, b"caf\xe9")], [("n", "i4"), ("s", "S4")])
    lists = [("s", text), ("n", "i2"), ("v", h5py.vlen_dtype("f4")), ("two", text, 2)]
    file["texts"] = np.array(
        [("é", 1, np.array([0.5, 1.5], "f4"), ["a", ""]), ("", 2, np.array([], "f4"), ["b", "c"])],
        lists,
    )
    file["others"] = np.array([("é", 1, np.array([0.5, 1.5], "f4"), ["a", ""]), ("", 2, np.array([], "f4"), ["b", "d"])], lists)
    file["nested"] = np.array([(1, np.array([b"a", b"caf\xe9"], "S4"))], [("n", "i4"), ("v", h5py.vlen_dtype("S4"))])
    file["latin"] = np.array([(1, b"caf\xe9")], [("n", "i4"), ("s", text)])

with h5py.File(folder / "szip.h5", "w") as file:
    file["ok"] = 1
    if h5py.h5z.filter_avail(h5py.h5z.FILTER_SZIP):
        file.create_dataset("x", data=np.arange(64, dtype="i4"), chunks=(64,), compression="szip")
