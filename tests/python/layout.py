"""Reads the files that tests/disk/layout.rs wrote, as someone who has h5py and has never heard of the crate.

Usage: layout.py FOLDER. Prints the name of each row of the table that it has checked.
"""

import sys
from pathlib import Path

import h5py
import numpy as np

CHECKS = {}


def row(name):
    """Registers the check for the row `name`, which is given the group that holds the row's values."""

    def register(check):
        assert name not in CHECKS, name
        CHECKS[name] = check
        return check

    return register


def dataset(node, dtype, shape, **attributes):
    """Asserts what a dataset is, and returns its contents."""
    assert isinstance(node, h5py.Dataset), node
    assert node.dtype == np.dtype(dtype), (node, node.dtype)
    assert node.shape == shape, node
    has_attributes(node, attributes)
    small = node.shape is not None and 0 < node.size * node.id.get_type().get_size() <= 4096
    stored = node.id.get_create_plist().get_layout()
    assert stored == (h5py.h5d.COMPACT if small else h5py.h5d.CONTIGUOUS), node
    return node[()]


def equal(node, values, dtype, **attributes):
    """Asserts the element type and the contents of a dataset of numbers; a scalar where `values` is one."""
    expected = np.array(values, dtype)
    contents = dataset(node, dtype, expected.shape, **attributes)
    np.testing.assert_array_equal(contents, expected)


def text(node, values, size, **attributes):
    """Asserts the contents of a dataset of strings in places of `size` bytes, or of any where that is None."""
    string = h5py.check_string_dtype(node.dtype)
    assert string is not None and string.encoding == "utf-8", node.dtype
    assert string.length == size, node.dtype
    has_attributes(node, attributes)
    contents = node.asstr()[()]
    assert (contents if node.shape == () else contents.tolist()) == values, node


def empty(node, **attributes):
    """Asserts that a dataset has a null dataspace."""
    assert node.shape is None, node
    assert node[()] == h5py.Empty("f8"), node
    has_attributes(node, attributes)


def group(node, children, **attributes):
    """Asserts which children a group has, in the order in which they were made, and which attributes."""
    assert isinstance(node, h5py.Group), node
    order = h5py.h5p.CRT_ORDER_TRACKED | h5py.h5p.CRT_ORDER_INDEXED
    assert node.id.get_create_plist().get_link_creation_order() == order, node
    assert list(node) == children, list(node)
    has_attributes(node, attributes)
    return node


def has_attributes(node, expected):
    """Asserts all attributes of a node. A Python str stands for a string that h5py gives as str."""
    expected = {name.replace("_", "-"): value for name, value in expected.items()}
    for name in {"filebacked", "encoding-type", "encoding-version"} & set(expected):
        # The layout's own words have a fixed length, which h5py gives as bytes.
        expected[name] = np.bytes_(expected[name].encode())
    assert set(node.attrs) == set(expected), (node, dict(node.attrs))
    for name, value in expected.items():
        found = node.attrs[name]
        assert type(found) is type(value), (node, name, found)
        np.testing.assert_array_equal(found, value)


@row("integers and floats")
def _(node):
    group(node, ["i8", "i16", "i32", "i64", "u8", "u16", "u32", "u64", "f32", "f64", "nan"])
    for name, dtype in [("i8", "<i1"), ("i16", "<i2"), ("i32", "<i4"), ("i64", "<i8")]:
        equal(node[name], np.iinfo(dtype).min, dtype)
    for name, dtype in [("u8", "<u1"), ("u16", "<u2"), ("u32", "<u4"), ("u64", "<u8")]:
        equal(node[name], np.iinfo(dtype).max, dtype)
    equal(node["f32"], np.float32(0.1), "<f4")
    equal(node["f64"], 0.1, "<f8")
    equal(node["nan"], np.nan, "<f8")


@row("booleans")
def _(node):
    for name, value in [("true", True), ("false", False)]:
        contents = dataset(node[name], bool, ())
        assert isinstance(contents, np.bool_) and contents == value
        assert node[name].id.get_type().get_super().equal(h5py.h5t.STD_I8LE)


@row("strings")
def _(node):
    text(node["str"], "naïve", 6)
    text(node["char"], "𝄞", 4)
    text(node["empty"], "", 1)
    text(node["long"], "-" * 100_000, 100_000)
    assert node["str"].id.get_type().get_strpad() == h5py.h5t.STR_NULLPAD
    equal(node["with NUL"], list(b"a\0b"), "u1", filebacked="str")


@row("128-bit integers")
def _(node):
    i128 = dataset(node["i128"], [("hi", "<i8"), ("lo", "<u8")], (), filebacked="i128")
    assert (int(i128["hi"]) << 64) + int(i128["lo"]) == -(2**127) + 1
    u128 = dataset(node["u128"], [("hi", "<u8"), ("lo", "<u8")], (), filebacked="u128")
    assert (int(u128["hi"]) << 64) + int(u128["lo"]) == 2**128 - 2


@row("bytes")
def _(node):
    equal(node["two"], [0, 255], "u1", filebacked="bytes")
    equal(node["none"], [], "u1", filebacked="bytes")


@row("none")
def _(node):
    empty(node["none"])
    field = group(node["field"], ["station", "level"])
    empty(field["level"])


@row("some")
def _(node):
    equal(node["of a number"], 1.5, "<f8")
    equal(node["of some number"], 1.5, "<f8")
    empty(group(node["of none"], ["value"], filebacked="some")["value"])
    some_none = group(node["of some none"], ["value"], filebacked="some")["value"]
    empty(group(some_none, ["value"], filebacked="some")["value"])
    empty(group(node["of unit"], ["value"], filebacked="some")["value"], filebacked="unit")


@row("units")
def _(node):
    empty(node["unit"], filebacked="unit")
    empty(node["unit struct"], filebacked="unit")


@row("newtype structs")
def _(node):
    equal(node["of a number"], 1.5, "<f8")
    equal(node["of a sequence"], [1, 2, 3], "<i4")


@row("structs")
def _(node):
    plain = group(node["plain"], ["steps", "dt", "done"])
    equal(plain["steps"], 10, "<u4")
    equal(plain["dt"], 0.1, "<f8")
    equal(plain["done"], True, bool)
    group(node["no fields"], [])
    attributes = group(
        node["attributes"],
        ["data"],
        title="plate",
        count=np.uint32(3),
        checked=np.True_,
        limits=np.array([-1.0, 1.0]),
        tags=np.array(["a", "bcd"], dtype=object),
    )
    equal(attributes["data"], [1.5, 2.5], "<f8")
    text(group(node["reserved attribute"], ["@filebacked"])["@filebacked"], "list", 4)


@row("maps")
def _(node):
    strings = group(node["strings"], ["b", "a", "c"])
    assert [int(value[()]) for value in strings.values()] == [1, 2, 3]
    equal(group(node["chars"], ["z", "ä"])["ä"], 1, "<i4")
    integers = group(node["integers"], ["-1", "10"])
    text(integers["-1"], "minus one", 9)
    text(integers["10"], "ten", 3)
    equal(group(node["bools"], ["false", "true"])["true"], 1, "<i4")
    equal(group(node["unit variants"], ["X", "Y"])["Y"], 2.0, "<f8")
    names = ["a%2Fb", "%", "%2E", "..", "a%00b", "100%25", "%252F"]
    escaped = group(node["escaped"], names)
    assert [int(escaped[name][()]) for name in names] == [1, 2, 3, 4, 5, 6, 7]
    group(node["empty"], [])
    other = group(node["other keys"], ["keys", "values"], filebacked="map")
    equal(other["keys"], [[0, 1], [2, 3]], "u1")
    text(other["values"], ["a", "b"], 1)
    twice = group(node["equal keys"], ["keys", "values"], filebacked="map")
    text(twice["keys"], ["a", "a"], 1)
    equal(twice["values"], [1, 2], "<i4")


@row("tuples")
def _(node):
    equal(node["numbers"], [1.0, 2.0, 3.0], "<f8")
    equal(node["bools"], [True, False], bool)
    equal(node["array"], [1, 2, 3], "<u2")
    equal(node["nested arrays"], [[1, 2, 3], [4, 5, 6]], "u1")
    equal(node["tuple struct"], [1, -2], "<i4")
    equal(node["empty array"], [], "<f8")
    unlike = group(node["unlike"], ["0", "1", "2"], filebacked="tuple")
    equal(unlike["0"], 1, "<i4")
    text(unlike["1"], "two", 3)
    equal(unlike["2"], [3.0, 4.0], "<f8")
    integers = group(node["unlike integers"], ["0", "1"], filebacked="tuple")
    equal(integers["0"], 1, "i1")
    equal(integers["1"], 2, "<i8")


@row("unit variants")
def _(node):
    text(node["unit variant"], "Empty", 5)


@row("other variants")
def _(node):
    equal(group(node["newtype"], ["Circle"])["Circle"], 1.5, "<f8")
    equal(group(node["tuple"], ["Ellipse"])["Ellipse"], [1.5, 0.5], "<f8")
    fields = group(group(node["struct"], ["Rectangle"])["Rectangle"], ["width", "height"])
    equal(fields["width"], 2.0, "<f8")
    equal(fields["height"], 1.0, "<f8")


@row("sequences of numbers")
def _(node):
    equal(node["f64"], [1.5, np.nan, -0.0], "<f8")
    assert np.signbit(node["f64"][2])
    equal(node["i32"], [1, -2, 3], "<i4")
    equal(node["u8"], [1, 2, 3], "u1")
    equal(node["bools"], [True, False, True], bool)
    i128 = dataset(node["i128"], [("hi", "<i8"), ("lo", "<u8")], (2,), filebacked="i128")
    assert [(int(item["hi"]) << 64) + int(item["lo"]) for item in i128] == [-(2**127) + 1, -1]
    equal(node["unlike integers"], [1, -1, 2**32 - 1], "<i8")
    equal(node["large"], range(100_000), "<u4")


@row("sequences of equal length")
def _(node):
    equal(node["f64"], [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], "<f8")
    equal(node["bools"], [[True, False], [False, True]], bool)
    equal(node["deep"], np.zeros((2, 3, 4, 5)), "<i2")
    equal(node["none"], [[], []], "<f8")


@row("sequences of strings")
def _(node):
    text(node["fixed length"], ["one", "two", "three", ""], 5)
    text(node["own lengths"], ["-" * 1000] + [str(index) for index in range(1, 100)], None)
    text(node["chars"], ["a", "ß", "𝄞"], 4)
    nul = group(node["with NUL"], ["offsets", "bytes"], filebacked="text")
    equal(nul["offsets"], [0, 1, 1, 4], "<u8")
    equal(nul["bytes"], list(b"ab\0c"), "u1")


@row("sequences of unit variants")
def _(node):
    equal(node["all"], [0, 4, 0], "u1")
    assert h5py.check_enum_dtype(node["all"].dtype) == {"Empty": 0, "Full": 4}
    equal(node["some"], [4], "u1")
    assert h5py.check_enum_dtype(node["some"].dtype) == {"Full": 4}
    text(node["truths"], ["FALSE", "TRUE"], 5)


@row("sequences of flat records")
def _(node):
    structs = node["structs"]
    assert structs.shape == (2,) and not structs.attrs
    assert structs.dtype.names == ("id", "position", "axis", "fixed", "spin")
    assert structs["id"].dtype == "<u4" and structs["id"].tolist() == [1, 2]
    assert structs.dtype["position"] == np.dtype(("<f8", (3,)))
    assert structs["position"].tolist() == [[1.0, 1.25, 1.5], [2.0, 2.25, 2.5]]
    assert h5py.check_enum_dtype(structs.dtype["axis"]) == {"Y": 1}
    assert structs["axis"].tolist() == [1, 1]
    assert structs.dtype["fixed"] == bool and structs["fixed"].tolist() == [True, False]
    assert structs.dtype["spin"] == np.dtype([("0", "i1"), ("1", "<f4")])
    assert structs["spin"].tolist() == [(-1, 0.5), (-1, 0.5)]
    assert structs.dtype.itemsize == 4 + 24 + 1 + 1 + 1 + 4
    equal(node["tuples"], [(1, 1.5), (2, 2.5)], [("0", "u1"), ("1", "<f8")])


@row("sequences of other records")
def _(node):
    structs = group(node["structs"], ["station", "level"], filebacked="columns", length=np.uint64(2))
    text(structs["station"], ["A", "B"], 1)
    level = group(structs["level"], ["values", "mask"], filebacked="nullable")
    equal(level["values"], [1.5, np.nan], "<f8")
    equal(level["mask"], [False, True], bool)
    tuples = group(node["tuples"], ["0", "1"], filebacked="columns", length=np.uint64(2))
    text(tuples["0"], ["a", "b"], 1)
    equal(tuples["1"], [1, 2], "<i4")
    nested = group(node["nested"], ["id", "inner"], filebacked="columns", length=np.uint64(1))
    equal(nested["id"], [1], "<u4")
    inner = group(nested["inner"], ["name", "size"], filebacked="columns", length=np.uint64(1))
    text(inner["name"], ["a"], 1)
    equal(inner["size"], [2], "u1")
    group(node["no fields"], [], filebacked="columns", length=np.uint64(2))


@row("sequences of options")
def _(node):
    def nullable(name, children=node, **attributes):
        found = group(children[name], ["values", "mask"], filebacked="nullable", **attributes)
        return found["values"], found["mask"]

    integer = {"encoding_type": "nullable-integer", "encoding_version": "0.1.0"}
    values, mask = nullable("integers", **integer)
    equal(values, [1, 0, 3], "<i4")
    equal(mask, [False, True, False], bool)
    values, mask = nullable("bools", encoding_type="nullable-boolean", encoding_version="0.1.0")
    equal(values, [True, False], bool)
    equal(mask, [False, True], bool)
    values, mask = nullable("floats")
    equal(values, [np.nan, 1.5], "<f8")
    equal(mask, [True, False], bool)
    values, mask = nullable("strings")
    text(values, ["a", ""], 1)
    equal(mask, [False, True], bool)
    _, mask = nullable("nested")
    equal(mask, [False, False, True], bool)
    values, mask = nullable("values", node["nested"], **integer)
    assert values[0] == 1 and mask[:2].tolist() == [False, True]
    values, mask = nullable("all missing")
    equal(values, [np.nan, np.nan], "<f8")
    equal(mask, [True, True], bool)


@row("fields left out")
def _(node):
    structs = group(node["structs"], ["id", "note"], filebacked="columns", length=np.uint64(2))
    equal(structs["id"], [1, 2], "<u4")
    note = group(structs["note"], ["values", "mask"], filebacked="masked")
    equal(note["mask"], [False, True], bool)
    option = group(note["values"], ["values", "mask"], filebacked="nullable")
    text(option["values"], ["a", ""], 1)
    assert not option["mask"][0]


@row("sequences of differing length")
def _(node):
    numbers = group(node["numbers"], ["offsets", "values"], filebacked="ragged")
    equal(numbers["offsets"], [0, 2, 2, 3], "<u8")
    equal(numbers["values"], [1, 2, 3], "<i4")
    strings = group(node["strings"], ["offsets", "values"], filebacked="ragged")
    equal(strings["offsets"], [0, 2, 3], "<u8")
    text(strings["values"], ["a", "b", "c"], 1)
    deep = group(node["deep"], ["offsets", "values"], filebacked="ragged")
    equal(deep["offsets"], [0, 2, 2], "<u8")
    inner = group(deep["values"], ["offsets", "values"], filebacked="ragged")
    equal(inner["offsets"], [0, 1, 1], "<u8")
    equal(inner["values"], [1], "u1")


@row("sequences of bytes")
def _(node):
    blobs = group(node["bytes"], ["offsets", "values"], filebacked="blobs")
    equal(blobs["offsets"], [0, 2, 2, 3], "<u8")
    assert bytes(blobs["values"][()]) == b"abc"


@row("sequences of maps")
def _(node):
    columns = group(node["one order"], ["id", "name"], filebacked="columns", length=np.uint64(2))
    equal(columns["id"], [1, 2], "<u8")
    name = group(columns["name"], ["values", "mask"], filebacked="masked")
    text(name["values"], ["a", ""], 1)
    equal(name["mask"], [False, True], bool)
    orders = group(node["other orders"], ["offsets", "keys", "values"], filebacked="maps")
    equal(orders["offsets"], [0, 2, 4], "<u8")
    text(orders["keys"], ["a", "b", "b", "a"], 1)
    equal(orders["values"], [1, 2, 3, 4], "<i4")
    other = group(node["other keys"], ["offsets", "keys", "values"], filebacked="maps")
    equal(other["offsets"], [0, 2, 2], "<u8")
    equal(other["keys"], [1, 2], "<i4")
    text(other["values"], ["one", "two"], 3)


@row("sequences of units")
def _(node):
    equal(node["units"], 1000, "<u8", filebacked="units")
    equal(node["unit structs"], 1, "<u8", filebacked="units")


@row("sequences of enums with payload")
def _(node):
    variants = group(node["variants"], ["tag", "Rectangle", "Circle", "Ellipse"], filebacked="variants")
    equal(variants["tag"], [3, 0, 1, 1, 2], "u1")
    names = {"Empty": 0, "Circle": 1, "Ellipse": 2, "Rectangle": 3}
    assert h5py.check_enum_dtype(variants["tag"].dtype) == names
    equal(variants["Rectangle"], [(2.0, 1.0)], [("width", "<f8"), ("height", "<f8")])
    equal(variants["Circle"], [1.5, 2.5], "<f8")
    equal(variants["Ellipse"], [[1.5, 0.5]], "<f8")
    tag = group(node["tag"], ["tag", "%74ag"], filebacked="variants")
    equal(tag["%74ag"], [1], "u1")


@row("sequences of mixed types")
def _(node):
    names = ["u64", "string", "f64", "bool", "list", "map"]
    json = group(node["json"], ["tag"] + names, filebacked="mixed")
    equal(json["tag"], range(6), "u1")
    assert h5py.check_enum_dtype(json["tag"].dtype) == {name: tag for tag, name in enumerate(names)}
    equal(json["u64"], [1], "<u8")
    text(json["string"], ["two"], 3)
    equal(json["f64"], [3.5], "<f8")
    equal(json["bool"], [True], bool)
    equal(json["list"], [[4, 5]], "<u8")
    equal(group(json["map"], ["six"], filebacked="columns", length=np.uint64(1))["six"], [6], "<u8")
    integer = {"encoding_type": "nullable-integer", "encoding_version": "0.1.0"}
    unit = group(node["unit"], ["values", "mask"], filebacked="nulls", **integer)
    equal(unit["values"], [0, 1], "<i4")
    equal(unit["mask"], [True, False], bool)
    null = group(node["null"], ["values", "mask"], filebacked="nulls")
    equal(null["mask"], [False, False, True], bool)
    values = group(null["values"], ["tag", "u64", "string"], filebacked="mixed")
    equal(values["tag"], [0, 1, 0], "u1")
    equal(values["u64"], [1, 0], "<u8")


@row("empty sequences")
def _(node):
    equal(node["numbers"], [], "<f8")
    equal(node["structs"], [], "<f8")


@row("arrays")
def _(node):
    equal(node["f64"], [[1, 2, 3], [4, 5, 6]], "<f8")
    equal(node["other order"], [[1, 4], [2, 5], [3, 6]], "u1")
    equal(node["bool"], [True, False], bool)
    equal(node["c64"], [[1 - 2j]], "<c8")
    equal(node["c128"], [1 - 2j, complex(np.nan, 0.5)], "<c16")
    equal(node["no dimensions"], 1.5, "<f4")
    equal(node["empty"], np.zeros((2, 0, 3)), "<i4")
    equal(node["records"], [(True, 1.5), (False, 2.5)], [("valid", bool), ("value", "<f8")])
    equal(node["large"], np.add.outer(np.arange(700.0), 1000 * np.arange(1000.0)), "<f8")


@row("sequences of objects")
def _(node):
    arrays = group(node["arrays"], ["0", "1"], filebacked="list")
    equal(arrays["0"], [0.5, 1.5], "<f8")
    equal(arrays["1"], [], "<f8")
    options = group(node["options"], ["values", "mask"], filebacked="nullable")
    values = group(options["values"], ["0", "1"], filebacked="list")
    empty(values["0"])
    equal(values["1"], [1], "<i2")
    equal(options["mask"], [True, False], bool)
    records = group(node["records"], ["0", "1"], filebacked="columns", length=np.uint64(2))
    equal(records["0"], [1, 2], "<i4")
    column = group(records["1"], ["0", "1"], filebacked="list")
    equal(column["0"], [True], bool)
    equal(column["1"], [False, True], bool)


@row("values with attributes")
def _(node):
    equal(node["array"], [1.5], "<f8", unit="hPa", range=np.array([0.5, 1.5]), tag=h5py.Empty("f8"))
    run = group(node["group"], ["steps", "dt", "done"], unit="", range=np.array([0.0, 1.0]), tag=np.uint8(3))
    equal(run["steps"], 10, "<u4")


def matrix(node, format, shape, index, data, dtype, **indices):
    """Asserts what a sparse matrix is: its attributes, and its datasets in their order."""
    attributes = {"format": format, "m": np.int64(shape[0]), "n": np.int64(shape[1])}
    if format != "coo":
        attributes |= {"encoding_type": format + "_matrix", "encoding_version": "0.1.0", "shape": np.array(shape)}
    group(node, ["data", *indices], **attributes)
    equal(node["data"], data, dtype)
    for name, values in indices.items():
        equal(node[name], values, index)


@row("sparse matrices")
def _(node):
    matrix(node["csr"], "csr", (3, 4), "<i4", [1.5, 0, -2.5], "<f8", indices=[1, 3, 0], indptr=[0, 2, 2, 3])
    matrix(node["csc"], "csc", (2, 3), "<i4", [True, False], bool, indices=[1, 0], indptr=[0, 1, 1, 2])
    matrix(node["complex"], "csr", (1, 1), "<i4", [1 - 2j], "<c8", indices=[0], indptr=[0, 1])
    matrix(node["no entries"], "csr", (0, 2), "<i4", [], "u1", indices=[], indptr=[0])
    wide = 3_000_000_000
    matrix(node["wide"], "csr", (1, wide), "<i8", [1], "<i2", indices=[wide - 1], indptr=[0, 1])
    matrix(node["coo"], "coo", (2, 3), "<i4", [1.5, 2.5, 3.5], "<f8", row=[1, 0, 1], col=[0, 2, 0])
    matrix(node["no triplets"], "coo", (2, 3), "<i4", [], "<f4", row=[], col=[])
    matrices = group(node["in a list"], ["0", "1"], filebacked="list")
    matrix(matrices["0"], "csr", (2, 2), "<i4", [1, 1], "<f8", indices=[0, 1], indptr=[0, 1, 2])
    matrix(matrices["1"], "csr", (1, 1), "<i4", [], "<f8", indices=[], indptr=[0, 0])


def check_roots(folder):
    """What the root group becomes."""
    with h5py.File(folder / "root-number.h5") as file:
        equal(group(file["/"], ["value"], filebacked="value")["value"], 1.5, "<f8")
    with h5py.File(folder / "root-struct.h5") as file:
        group(file["/"], ["steps", "dt", "done"])
    with h5py.File(folder / "root-sequence.h5") as file:
        text(group(file["/"], ["value"], filebacked="value")["value"], ["a", "b"], 1)
    with h5py.File(folder / "root-columns.h5") as file:
        group(file["/"], ["0", "1"], filebacked="columns", length=np.uint64(2))
    with h5py.File(folder / "root-none.h5") as file:
        empty(group(file["/"], ["value"], filebacked="value")["value"])
    with h5py.File(folder / "root-bytes.h5") as file:
        equal(group(file["/"], ["value"], filebacked="value")["value"], list(b"ab"), "u1", filebacked="bytes")


def main():
    folder = Path(sys.argv[1])
    with h5py.File(folder / "table.h5") as file:
        group(file["/"], list(CHECKS))
        for name, check in CHECKS.items():
            check(file[name])
            print(name)
    check_roots(folder)
    print("roots")


if __name__ == "__main__":
    main()
