"""Makes a file with most of what HDF5 has, and compares what is in two files, by h5py."""

import sys

import h5py
import numpy as np


def make(path):
    with h5py.File(path, "w", libver=("v110", "v110"), userblock_size=1024, track_order=True) as file:
        fill(file)
    with open(path, "r+b") as file:
        file.write(b"begins with this")


def fill(file):
    random = np.random.default_rng(1)
    file.attrs["title"] = "what there is"
    file.attrs.create("large", np.arange(20_000, dtype="i8"))

    # Types with names, of a dataset, and of attributes before and after a link to them.
    point = np.dtype({"names": ["x", "y"], "formats": ["<f8", ">i2"], "offsets": [8, 2], "itemsize": 24})
    file["types/point"] = point
    named = file["types/point"]
    named.attrs["about"] = "two numbers"
    file.create_dataset("points", data=np.zeros(3, point), dtype=named)
    late = h5py.h5t.py_create(np.dtype("<u4"), logical=True)
    space = h5py.h5s.create(h5py.h5s.SCALAR)
    late.commit(file.id, b"zz_late")
    h5py.h5a.create(file["points"].id, b"of_late_type", late, space)

    # Links.
    inner = file.create_group("groups/inner", track_order=True)
    for name in ["z", "a", "m"]:
        inner[name] = name
    inner["up"] = file["groups"]
    file["again"] = inner
    file["same_points"] = file["points"]
    file["soft"] = h5py.SoftLink("/groups/inner/z")
    file["dangling"] = h5py.SoftLink("/nowhere")
    file["outside"] = h5py.ExternalLink("other.h5", "/there")
    for number in range(40):
        inner.attrs[f"attribute {number}"] = number

    # References.
    file["to_objects"] = np.array([file["points"].ref, inner.ref, h5py.Reference()], dtype=h5py.ref_dtype)
    pair = np.dtype([("to", h5py.ref_dtype), ("weight", "f4")])
    file["pairs"] = np.array([(inner.ref, 0.5), (file.ref, 1.5)], dtype=pair)
    lists = file.create_dataset("lists_of_references", (2,), dtype=h5py.vlen_dtype(h5py.ref_dtype))
    lists[0] = np.array([file["points"].ref, file["pairs"].ref], dtype=h5py.ref_dtype)
    grid, x = file.create_dataset("scaled/grid", data=random.random((5, 7))), file.create_dataset("scaled/x", data=np.arange(7.0))
    x.make_scale("x axis")
    grid.dims[1].attach_scale(x)

    # Elements.
    file["numbers/big"] = np.arange(100, dtype=">i4")
    file["numbers/half"] = random.random(50).astype("f2")
    file["numbers/long"] = np.arange(5).astype("longdouble")
    file["numbers/complex"] = random.random(20) + 1j
    file["numbers/bool"] = np.array([True, False])
    file["numbers/enum"] = np.array([0, 2, 1], dtype=h5py.enum_dtype({"a": 0, "b": 1, "c": 2}, basetype="u1"))
    file["numbers/nothing"] = h5py.Empty("f4")
    file["numbers/none"] = np.zeros((0, 3))
    file["numbers/scalar"] = -1.5
    file["text/fixed"] = np.array([b"ab", b"cde"], dtype="S3")
    file["text/variable"] = ["", "grün", "x" * 5000]
    file["text/opaque"] = np.array([b"\0\1\2", b"\xff\0\0"], dtype="V3")
    ragged = file.create_dataset("text/ragged", (3,), dtype=h5py.vlen_dtype("f8"))
    ragged[0], ragged[2] = [1.5, 2.5], np.arange(300.0)
    table = np.zeros(1000, dtype=[("id", "u4"), ("name", h5py.string_dtype()), ("at", "f8", (3,))])
    table["id"], table["name"] = np.arange(1000), [f"row {number}" for number in range(1000)]
    file["table"] = table

    # Floats of 16 bits beside what has a length of its own: NaNs that say something, too.
    halves = np.array([0x7E01, 0x7C01, 0xFE12, 0x3C00, 0x8001], "u2")
    beside = np.zeros(5, dtype=[("half", ">f2"), ("name", h5py.string_dtype()), ("pair", "<f2", (2,))])
    beside["half"] = halves.astype(">u2").view(">f2")
    beside["name"], beside["pair"] = list("abcde"), np.stack([halves, halves[::-1]], 1).view("<f2")
    file.create_dataset("halves/records", data=beside, chunks=(2,), compression="gzip")
    lists = file.create_dataset("halves/lists", (2,), dtype=h5py.vlen_dtype("<f2"), chunks=(1,), compression="gzip")
    lists[0], lists[1] = halves.view("<f2"), halves[:2].view("<f2")
    to = np.zeros(2, dtype=[("half", "<f2"), ("to", h5py.ref_dtype)])
    to["half"], to["to"] = halves[:2].view("<f2"), [file.ref, file["points"].ref]
    file["halves/references"] = to
    file["halves"].attrs["records"] = beside

    # Storage.
    wave = np.sin(np.arange(60_000) / 100).reshape(200, 300)
    file.create_dataset("stored/chunked", data=wave, chunks=(32, 50), compression="gzip", shuffle=True, fletcher32=True)
    file.create_dataset("stored/lzf", data=wave, chunks=(50, 300), compression="lzf")
    file.create_dataset("stored/grows", data=wave, chunks=(10, 300), maxshape=(None, 300))
    file.create_dataset("stored/scaled", data=np.arange(5000), chunks=(500,), scaleoffset=0)
    file.create_dataset("stored/plain", data=wave)
    file.create_dataset("stored/small", data=np.arange(4))
    sparse = file.create_dataset("stored/sparse", (1 << 20, 1000), "f4", chunks=(256, 1000), fillvalue=7, compression="gzip")
    sparse[1000:1010, :] = 1
    file.create_dataset("stored/unwritten", (1000,), "i8", fillvalue=-3)
    file.create_dataset("stored/outside", data=np.arange(100), external=[(file.filename + ".raw", 0, h5py.h5f.UNLIMITED)])
    layout = h5py.VirtualLayout((2, 200, 300), dtype="f8")
    for number in range(2):
        layout[number] = h5py.VirtualSource(".", "stored/plain", (200, 300))
    file.create_virtual_dataset("stored/virtual", layout)
    h5py.h5o.set_comment(file["stored"].id, b"how it is stored")
    del file["stored/small"]
    file.create_dataset("stored/small", data=np.arange(4))


def compare(one, other, changed):
    """All that two files have is alike, but for how the datasets are stored that are `changed`."""
    with h5py.File(one) as one, h5py.File(other) as other:
        assert one.userblock_size == other.userblock_size
        places = {}
        compare_objects(one, other, places, set(changed), "/")
    print("alike")


def address(thing):
    return h5py.h5o.get_info(thing.id).addr


def compare_objects(one, other, places, changed, path):
    try:
        compare_object(one, other, places, changed, path)
    except AssertionError as error:
        raise AssertionError(f"at {path}: {error}") from error


def compare_object(one, other, places, changed, path):
    assert type(one) is type(other)
    if address(one) in places:
        assert places[address(one)] == address(other), "another object"
        return
    places[address(one)] = address(other)
    assert list(one.attrs) == list(other.attrs), (list(one.attrs), list(other.attrs))
    for name in one.attrs:
        compare_attribute(one.attrs.get_id(name), other.attrs.get_id(name), one, other, places, name)
    if isinstance(one, h5py.Group):
        assert list(one) == list(other), (list(one), list(other))
        for name in one:
            links = one.get(name, getlink=True), other.get(name, getlink=True)
            assert type(links[0]) is type(links[1])
            if isinstance(links[0], h5py.HardLink):
                compare_objects(one[name], other[name], places, changed, f"{path}{name}/")
            else:
                assert vars(links[0]) == vars(links[1])
    elif isinstance(one, h5py.Datatype):
        assert one.id.equal(other.id)
    else:
        compare_types(one.id.get_type(), other.id.get_type(), places)
        assert (one.shape, one.maxshape) == (other.shape, other.maxshape)
        lists = one.id.get_create_plist(), other.id.get_create_plist()
        # What is elsewhere in the file, of which the places are compressed, takes another number of bytes.
        if path.strip("/") not in changed and not path.startswith("/halves/"):
            assert one.chunks == other.chunks
            assert filters(lists[0]) == filters(lists[1])
            assert lists[0].get_layout() == lists[1].get_layout()
            assert one.id.get_storage_size() == other.id.get_storage_size()
        assert lists[0].fill_value_defined() == lists[1].fill_value_defined()
        if one.shape is not None and one.size > 1 << 24:
            assert np.array_equal(one[900:1100], other[900:1100]) and np.array_equal(one[-5:], other[-5:])
        elif one.shape is not None and "outside" not in path:
            compare_values(one[()], other[()], one.file, other.file, places)


def filters(creation):
    return [creation.get_filter(number) for number in range(creation.get_nfilters())]


def compare_types(one, other, places):
    assert one.equal(other), (one.dtype, other.dtype)
    assert one.committed() == other.committed(), "a type with a name"
    if one.committed():
        known = h5py.h5o.get_info(one).addr
        assert places.setdefault(known, h5py.h5o.get_info(other).addr) == h5py.h5o.get_info(other).addr


def compare_attribute(one, other, left, right, places, name):
    compare_types(one.get_type(), other.get_type(), places)
    assert one.shape == other.shape
    compare_values(left.attrs[name], right.attrs[name], left.file, right.file, places)


def compare_values(one, other, left, right, places):
    if isinstance(one, h5py.Reference):
        assert bool(one) == bool(other), "a reference to nothing"
        if one:
            at = address(left[one]), address(right[other])
            assert places.setdefault(at[0], at[1]) == at[1], "a reference to another object"
    elif isinstance(one, np.ndarray):
        assert (one.dtype, one.shape) == (other.dtype, other.shape)
        if one.dtype.names:
            for name in one.dtype.names:
                compare_values(one[name], other[name], left, right, places)
        elif one.dtype.kind == "O":
            for inner in zip(one.ravel(), other.ravel()):
                compare_values(*inner, left, right, places)
        else:
            is_same = np.array_equal(one, other, equal_nan=one.dtype.kind in "fc") and one.dtype.itemsize != 2
            assert one.tobytes() == other.tobytes() or is_same, (one, other)
    elif isinstance(one, np.void) and one.dtype.names:
        for name in one.dtype.names:
            compare_values(one[name], other[name], left, right, places)
    elif isinstance(one, h5py.Empty):
        assert one == other
    else:
        assert type(one) is type(other) and (one == other or one != one), (one, other)


def filtered(path):
    with h5py.File(path, "w") as file:
        table = np.zeros(20_000, dtype=[("text", h5py.string_dtype()), ("number", "f8")])
        table["text"], table["number"] = [f"row {number % 7}" for number in range(20_000)], np.arange(20_000)
        file.create_dataset("table", data=table, chunks=(5000,), compression="lzf")
        file.create_dataset("numbers", data=np.arange(50_000.0), chunks=(10_000,), compression="lzf", shuffle=True)
        file.create_dataset("scaled", data=np.random.default_rng(1).random(50_000), chunks=(100,), scaleoffset=2)
        file.create_dataset("summed", data=np.arange(100_000.0), chunks=(1000,), compression="gzip", fletcher32=True)
        grid = np.arange(600_000.0).reshape(2000, 300)
        file.create_dataset("columns", data=grid, chunks=(2000, 1), compression="gzip")
        file["zz"] = file["numbers"]


def outside(path):
    with h5py.File(path, "w") as file:
        file["target"] = 1
        raw = [(path + ".raw", 0, h5py.h5f.UNLIMITED)]
        file.create_dataset("references", (3,), dtype=h5py.ref_dtype, external=raw)[0] = file["target"].ref


def regions(path):
    with h5py.File(path, "w") as file:
        file["grid"] = np.zeros((10, 10))
        file["inside/parts"] = np.array([file["grid"].regionref[2:4, 3]], dtype=h5py.regionref_dtype)


command, *arguments = sys.argv[1:]
{"make": make, "compare": lambda one, other, *changed: compare(one, other, changed), "regions": regions, "filtered": filtered, "outside": outside}[command](*arguments)
