"""Reads with the package in `python/` what tests/interop/python_reader.rs wrote, and compares it with what is expected of it.

Usage: reader.py FOLDER GOLDEN. Prints how many values were compared, and then the kinds that were read, a line for each.
"""

import json
import math
import sys
from pathlib import Path

import h5py
import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2] / "python"))

import filebacked_reader as reader

FOLDER, GOLDEN = map(Path, sys.argv[1:])
WRONG = []


def plain(value):
    """A value as JSON has it, with lists for bytes and pairs, and for dicts whose keys are no names."""
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, complex):
        return [plain(value.real), plain(value.imag)]
    if isinstance(value, bytes):
        return list(value)
    if isinstance(value, np.ndarray):
        assert value.dtype != object, value
        return plain(value.tolist())
    if isinstance(value, (list, tuple)):
        return [plain(element) for element in value]
    if hasattr(value, "toarray"):
        return {value.format: plain(value.toarray())}
    assert isinstance(value, dict), value
    if any(isinstance(key, (tuple, float)) for key in value):
        return [[plain(key), plain(element)] for key, element in value.items()]
    return {key if isinstance(key, str) else json.dumps(key): plain(element) for key, element in value.items()}


def check(where, value, expected):
    """As text, in which 1, 1.0 and True differ, and the order of keys counts."""
    found = json.dumps(plain(value))
    expected = json.dumps(json.loads(expected))
    if found != expected:
        WRONG.append(f"{where}: found {found[:1000]}, expected {expected[:1000]}")


def lines(name):
    return [line.split("\t") for line in (FOLDER / name).read_text().split("\n")[:-1]]


def read_alone(path):
    """Reads each node of a file by itself; returns the kinds of all, that of the root as well."""
    with h5py.File(path) as file:
        kinds = {reader.kind(file)}

        def visit(name, node):
            kinds.add(reader.kind(file, name))
            reader.read(node)

        file.visititems(visit)
    return kinds


def table(name):
    """Compares the values of a table: alone, and as they are in the value of the file."""
    expected = lines(name + ".txt")
    path = FOLDER / (name + ".h5")
    everything = reader.read(path)
    for row, value, text in expected:
        check((row, value), everything[row][value], text)
        check((row, value), reader.read(path, f"{row}/{value}"), text)
    assert sum(map(len, everything.values())) == len(expected)
    return everything


values = table("values")
table("package")
for name, expected in [("unions/either/x", ["seven", 7, ["a"]]), ("unions/either/x/2", ["a"]), ("unions/either/x/0", "seven")]:
    assert reader.read(FOLDER / "package.h5", name) == expected, name

appended = lines("appended.txt")
for name, text in appended:
    check(name, reader.read(FOLDER / "appended.h5", name), text)

kinds = read_alone(FOLDER / "appended.h5")

# What a killed program has left behind what counts is not there.
with h5py.File(FOLDER / "appended.h5", "r+") as file:

    def grow(name, node):
        if isinstance(node, h5py.Dataset) and node.maxshape and node.maxshape[0] is None:
            node.resize(node.shape[0] + 3, axis=0)

    file.visititems(grow)
    for name, text in appended:
        check(name, reader.read(file, name), text)

roots = lines("roots.txt")
for name, text in roots:
    check(name, reader.read(FOLDER / name), text)

assert not WRONG, "\n".join(WRONG)

kinds |= set().union(*(read_alone(FOLDER / name) for name in ["values.h5"] + [name for name, _ in roots]))
kinds |= read_alone(GOLDEN / "nalgebra/0.1.h5")
# An array is called so with the kind and without.
own = {"group", "none", "scalar", "records", "sparse"}
assert own < kinds, kinds

# Types, which JSON does not tell.
def get(row, name):
    return values[row][name]


for value, expected in [
    (get("integers and floats", "i8"), int),
    (get("integers and floats", "f32"), float),
    (get("booleans", "true"), bool),
    (get("strings", "with NUL"), str),
    (get("128-bit integers", "u128"), int),
    (get("bytes", "none"), bytes),
    (get("tuples", "unlike"), tuple),
    (get("sequences of bytes", "bytes")[0], bytes),
    (get("sequences of flat records", "tuples")[0], tuple),
    (get("sequences of flat records", "structs")[0]["id"], int),
    (get("sequences of other records", "tuples")[0], tuple),
    (get("arrays", "complex scalar"), complex),
]:
    assert type(value) is expected, (value, expected)
for value, dtype, shape in [
    (get("sequences of numbers", "f64"), "f8", (3,)),
    (get("sequences of equal length", "deep"), "i2", (2, 3, 4, 5)),
    (get("sequences of equal length", "bools"), "?", (2, 2)),
    (get("sequences of differing length", "numbers")[1], "i4", (0,)),
    (get("tuples", "nested arrays"), "u1", (2, 3)),
    (get("arrays", "c64"), "c8", (1, 1)),
    (get("arrays", "empty"), "i4", (2, 0, 3)),
    (get("structs", "attributes")["@limits"], "f8", (2,)),
    (get("sparse matrices", "csc").indptr, "i4", (4,)),
]:
    assert value.dtype == dtype and value.shape == shape, (value.dtype, value.shape)
assert np.isnan(get("sequences of numbers", "f64")[1]) and math.isinf(get("integers and floats", "infinite"))
assert get("maps", "float keys") == {0.5: 1, 1.5: 2} and get("maps", "other keys") == {(0, 1): "a", (2, 3): "b"}
assert get("maps", "equal keys") == [("a", 1), ("a", 2)]
assert get("sequences of maps", "other keys") == [{1: "one", 2: "two"}, {}]

# Attributes, without those of the layout.
found = {
    name: plain(reader.attributes(FOLDER / "values.h5", "values with attributes/" + name))
    for name in ["array", "group", "columns"]
}
assert found == {
    "array": {"unit": "hPa", "range": [0.5, 1.5], "tag": None},
    "group": {"unit": "", "range": [0.0, 1.0], "tag": 3},
    "columns": {"unit": "m", "range": [0.0, 1.0], "tag": 3},
}, found
assert reader.attributes(FOLDER / "values.h5", "sparse matrices/csr") == {}
assert reader.attributes(FOLDER / "values.h5", "sequences of options/integers") == {}

# Names of links, and keys.
path = FOLDER / "values.h5"
for name, expected in [("a%2Fb", 1), ("%", 2), (".", 3), ("%2E", 3), ("100%", 6), ("100%25", 6), ("a\0b", 5)]:
    assert reader.read(path, "maps/escaped/" + name) == expected, name

# Files of all builds.
golden = sorted(GOLDEN.glob("*.h5"))
assert len(golden) >= 2
for path in golden:
    value = reader.read(path)
    assert value["@title"] == "all of it, grün" and value["wide"] == (-(2**127), 2**128 - 1)
    assert value["with_nul"] == "a\0b" and value["bytes"] == b"\0\xff\x80" and value["numbers"][7] == 2**64 - 1
    assert value["map"] == {"a/b": 1.5, ".": 2.5} and value["keys"] == {(1, True): "one", (2, False): "two"}
    assert value["names"] == ["Quiet", "Quiet", {"Hit": 7}, "Quiet", {"Moved": {"x": 0.5, "y": -1.5}}, {"Hit": 8}]
    assert plain(value["table"][1]) == {"id": 1, "at": [1.0, 0.5], "good": False}
    assert plain(value["columns"][2]) == {"name": "station 2", "height": 2.0, "visits": [2, 2]}
    assert plain(value["mixed"]) == [1, "two", None, {"three": 3.5}, [4]] and value["array"][1, 2, 3] == 123
    assert value["nullable"] == [1, None, -3] and value["units"] == [None, None] and len(value["long"]) == 10_000
    assert reader.attributes(path, "attrs") == {"unit": "m/s2"}
    assert plain(value) == plain(reader.read(golden[0])), path
    read_alone(path)

# Arrays, complex numbers and matrices, with wrappers and without.
value = reader.read(GOLDEN / "nalgebra/0.1.h5")
for part in "wrapped", "plain":
    found = plain(value[part])
    assert found["dynamic"] == found["fixed"] == [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], found
    assert found["vector"] == [1, -2] and found["fixed_row"] == [[7, 8, 9]] and found["option"] == [[2.5]], found
assert value["plain"]["complex"][1, 0] == 3 - 3j
assert plain(value["wrapped"]["columns"]) == [[True, False], [True, True], [False, False]]

# What the Python package FileBacked wrote itself: names are as they are.
with h5py.File(FOLDER / "object.h5", "w") as file:
    file.attrs["class"], file.attrs["module"] = "Model", "model"
    file["names/100%25"] = 1
    file["names/a"] = np.bytes_(b"\x80\x04.")
    value = reader.read(file)
    assert value == {"@class": "Model", "@module": "model", "names": {"100%25": 1, "a": b"\x80\x04."}}, value
    assert reader.read(file["names"]) == value["names"]

# A matrix as AnnData writes it.
with h5py.File(FOLDER / "matrix.h5", "w") as file:
    file.attrs["encoding-type"], file.attrs["shape"] = "csc_matrix", [2, 3]
    file["data"], file["indices"], file["indptr"] = [1.5, 2.5], [1, 0], [0, 1, 1, 2]
    assert plain(reader.read(file)) == {"csc": [[0.0, 0.0, 2.5], [1.5, 0.0, 0.0]]}
    file["indptr"][3] = 7
    try:
        reader.read(file)
    except reader.ReadError as error:
        assert str(error).endswith("; at HDF5 path `/`"), error
    else:
        raise AssertionError("a matrix that contradicts itself")

# What is no such value.
with h5py.File(FOLDER / "others.h5", "w", track_order=True) as file:
    file["half"] = np.array([1.5], "f2")
    file["big"] = np.array([1, 2], ">i4")
    names = h5py.enum_dtype({"RED": 0, "BLUE": 2}, basetype="u1")
    file.create_dataset("colours", data=[2, 7], dtype=names)
    file["latin"] = np.bytes_(b"\xe9")
    file["type"] = np.dtype("f8")
    value = reader.read(file)
    assert value["half"].dtype == np.float16 and value["big"].tolist() == [1, 2]
    assert value["colours"] == ["BLUE", 7] and value["latin"] == b"\xe9" and "type" not in value

    def node(name, mark, **children):
        group = file.create_group(name)
        group.attrs["filebacked"] = mark
        for child, data in children.items():
            group[child] = data

    node("future", "tensor")
    node("falling", "ragged", offsets=[0, 2, 1], values=[1.5, 2.5])
    node("short", "ragged", offsets=[0, 3], values=[1.5, 2.5])
    node("hollow", "nullable", mask=[True, False])
    node("plain", "ragged", offsets=[0, 0])
    node("untold", "columns", a=[1, 2])
    node("uneven", "columns", a=[1, 2])
    file["uneven"].attrs["length"] = 3
    node("endless", "columns")
    file["endless"].attrs["length"] = 1 << 62
    node("wrong", "unit")
    node("mixed", "mixed", tag=np.array([0, 1], h5py.enum_dtype({"u8": 0, "string": 1}, "u1")), u8=[1])
    file["many"] = np.uint64(1 << 62)
    file["many"].attrs["filebacked"] = "units"
    file["numbers"] = [1.5]
    file["narrow"] = np.int64(7)
    file["narrow"].attrs["filebacked"] = "i128"
    node("nested", "text", bytes=[97])
    file.create_group("nested/offsets")
    file["reference"] = file["numbers"].ref
    file["loop/again"] = h5py.SoftLink("/loop")
    file["lost"] = h5py.SoftLink("/nowhere")
    for name, expected in [
        ("future", "found a group of the kind `tensor`: a kind that this does not know; at HDF5 path `/future`"),
        ("falling", "found a group of the kind `ragged`: offsets that do not ascend; at HDF5 path `/falling`"),
        ("short", "found a dataset without a kind, of shape (2,) and type `float64`: not the 3 elements that are to be "
         "there; at HDF5 path `/short/values`"),
        ("hollow", "found a group of the kind `nullable`: without a child `values`; it has `mask`; at HDF5 path `/hollow`"),
        ("plain", "found a group of the kind `ragged`: without a child `values`; it has `offsets`; at HDF5 path `/plain`"),
        ("untold", "found a group of the kind `columns`: no attribute `length`; at HDF5 path `/untold`"),
        ("uneven", "found a dataset without a kind, of shape (2,) and type `int64`: not the 3 elements that are to be "
         "there; at HDF5 path `/uneven/a`"),
        ("endless", f"found a group of the kind `columns`: {1 << 62} records without fields, more than the 16777216 that "
         "the layout allows; at HDF5 path `/endless`"),
        ("wrong", "found a group of the kind `unit`: a kind that such an object cannot have; at HDF5 path `/wrong`"),
        ("mixed", "found a group of the kind `mixed`: no elements of a type among ['string', 'u8']; at HDF5 path `/mixed`"),
        ("many", f"found a dataset of the kind `units`, of shape () and type `uint64`: {1 << 62} units, more than the "
         "16777216 that the layout allows; at HDF5 path `/many`"),
        ("reference", "found a dataset without a kind, of shape () and type `object`: a type that this does not read; at "
         "HDF5 path `/reference`"),
        ("narrow", "found a dataset of the kind `i128`, of shape () and type `int64`: no halves of integers; at HDF5 path "
         "`/narrow`"),
        ("nested", "found a group without a kind: no dataset; at HDF5 path `/nested/offsets`"),
        ("type", "found a named data type, which is no value; at HDF5 path `/type`"),
        ("numbers/x", "found a dataset without a kind, of shape (1,) and type `float64`: no group in which `x` could be; "
         "at HDF5 path `/numbers`"),
        ("loop/x", "found a group without a kind: without a child `x`; it has `again`; at HDF5 path `/loop`"),
    ]:
        try:
            value = reader.read(file, name)
        except reader.ReadError as error:
            assert str(error) == expected, f"{name}: {error}"
        else:
            raise AssertionError(f"{name}: {value}")
    for name, expected in [("loop", "values nest too deeply; at HDF5 path"), ("/", "without a child `lost`")]:
        if name == "/":
            for other in set(file) - {"lost", "numbers"}:
                del file[other]
        try:
            value = reader.read(file, name)
        except reader.ReadError as error:
            assert expected in str(error), error
        else:
            raise AssertionError(f"{name}: {value}")

# Without scipy, a sparse matrix is its parts.
sys.modules["scipy"] = None
parts = reader.read(FOLDER / "values.h5", "sparse matrices/csr")
assert plain(parts) == {
    "format": "csr", "shape": [3, 4], "data": [1.5, 0.0, -2.5], "indices": [1, 3, 0], "indptr": [0, 2, 2, 3]
}, parts
parts = reader.read(FOLDER / "values.h5", "sparse matrices/coo")
assert list(parts) == ["format", "shape", "data", "row", "col"], parts

print(f"{len(lines('values.txt'))} values, {len(lines('package.txt'))} of the package, {len(appended)} appended, {len(roots)} roots")
print("\n".join(sorted(kinds - own)))
