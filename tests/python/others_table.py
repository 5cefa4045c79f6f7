"""What is stored for each row of FORMAT.md: the sort of each dataset, and its value, by hand.

What a program makes of a dataset follows from its sort; `others.py` has that for each program.
"""

import numpy as np


class Stored:
    """A dataset: its sort, its value as h5py gives it, the attributes that it has, and whether it can grow."""

    def __init__(self, sort, value, grows=False, **attributes):
        self.sort, self.value, self.attributes, self.grows = sort, value, attributes, grows


class Group:
    """A group that has attributes; one that has none is not in the table."""

    def __init__(self, **attributes):
        self.attributes = attributes


def numbers(value, dtype, **attributes):
    return Stored("numbers", np.array(value, dtype), **attributes)


def bools(value):
    return Stored("bools", np.array(value, bool))


def text(value):
    """Strings of one length: a scalar, or a list."""
    return Stored("text", value)


def long_text(value):
    """Strings of variable length."""
    return Stored("long text", value)


def complexes(value, dtype):
    return Stored("complexes", np.array(value, dtype))


def codes(value, **names):
    """An enum over uint8, by its names."""
    return Stored("codes", (np.array(value, "u1"), names))


def records(value, dtype, **attributes):
    return Stored("records", np.array(value, dtype), **attributes)


def nothing(**attributes):
    """A null dataspace."""
    return Stored("nothing", None, **attributes)


def kind(word, **attributes):
    return Group(filebacked=word, **attributes)


def columns(length):
    return kind("columns", length=np.uint64(length))


def counted(length):
    """What says how many elements of a sequence count that was appended to."""
    return {"filebacked-length": np.uint64(length)}


def nullable(word):
    """A sequence of options that AnnData has a name for."""
    return kind("nullable", **{"encoding-type": word, "encoding-version": "0.1.0"})


def matrix(path, word, shape, index="<i4", **datasets):
    """A sparse matrix at `path`, with the type of its indices; AnnData has no name for triplets."""
    rows, cols = np.int64(shape[0]), np.int64(shape[1])
    name = {"encoding-type": word + "_matrix", "encoding-version": "0.1.0", "shape": np.array(shape, "i8")}
    children = {f"{path}/{name}": values for name, values in datasets.items()}
    return {
        path: Group(format=word, m=rows, n=cols, **({} if word == "coo" else name)),
        **{at: values if isinstance(values, Stored) else numbers(values, index) for at, values in children.items()},
    }


HALVES = [("hi", "<i8"), ("lo", "<u8")]
UNSIGNED_HALVES = [("hi", "<u8"), ("lo", "<u8")]
PARTICLE = [
    ("id", "<u4"),
    ("position", "<f8", (3,)),
    ("axis", np.dtype("u1", metadata={"enum": {"Y": 1}})),
    ("fixed", bool),
    ("spin", [("0", "i1"), ("1", "<f4")]),
]
PAIR = [("0", "u1"), ("1", "<f8")]
TYPES = ["u64", "string", "f64", "bool", "list", "map"]
WIDE = 3_000_000_000
NAN = np.nan

TABLE = {
    "integers and floats": {
        "i8": numbers(-(2**7), "i1"),
        "i16": numbers(-(2**15), "<i2"),
        "i32": numbers(-(2**31), "<i4"),
        "i64": numbers(-(2**63), "<i8"),
        "u8": numbers(2**8 - 1, "u1"),
        "u16": numbers(2**16 - 1, "<u2"),
        "u32": numbers(2**32 - 1, "<u4"),
        "u64": numbers(2**64 - 1, "<u8"),
        "f32": numbers(0.1, "<f4"),
        "f64": numbers(0.1, "<f8"),
        "nan": numbers(NAN, "<f8"),
    },
    "booleans": {"true": bools(True), "false": bools(False)},
    "strings": {
        "str": text("naïve"),
        "char": text("𝄞"),
        "empty": text(""),
        "long": text("-" * 100_000),
        "with NUL": numbers(list(b"a\0b"), "u1", filebacked="str"),
    },
    "128-bit integers": {
        "i128": records((-(2**63), 1), HALVES, filebacked="i128"),
        "u128": records((2**64 - 1, 2**64 - 2), UNSIGNED_HALVES, filebacked="u128"),
    },
    "bytes": {
        "two": numbers([0, 255], "u1", filebacked="bytes"),
        "none": numbers([], "u1", filebacked="bytes"),
    },
    "none": {"none": nothing(), "field/station": text("A"), "field/level": nothing()},
    "some": {
        "of a number": numbers(1.5, "<f8"),
        "of some number": numbers(1.5, "<f8"),
        "of none": kind("some"),
        "of none/value": nothing(),
        "of some none": kind("some"),
        "of some none/value": kind("some"),
        "of some none/value/value": nothing(),
        "of unit": kind("some"),
        "of unit/value": nothing(filebacked="unit"),
    },
    "units": {"unit": nothing(filebacked="unit"), "unit struct": nothing(filebacked="unit")},
    "newtype structs": {"of a number": numbers(1.5, "<f8"), "of a sequence": numbers([1, 2, 3], "<i4")},
    "structs": {
        "plain/steps": numbers(10, "<u4"),
        "plain/dt": numbers(0.1, "<f8"),
        "plain/done": bools(True),
        "no fields": Group(),
        "attributes": Group(
            title="plate", count=np.uint32(3), checked=np.True_, limits=np.array([-1.0, 1.0]), tags=["a", "bcd"]
        ),
        "attributes/data": numbers([1.5, 2.5], "<f8"),
        "reserved attribute/@filebacked": text("list"),
    },
    "maps": {
        "strings/b": numbers(1, "<i4"),
        "strings/a": numbers(2, "<i4"),
        "strings/c": numbers(3, "<i4"),
        "chars/ä": numbers(1, "<i4"),
        "chars/z": numbers(2, "<i4"),
        "integers/-1": text("minus one"),
        "integers/10": text("ten"),
        "bools/false": numbers(0, "<i4"),
        "bools/true": numbers(1, "<i4"),
        "unit variants/X": numbers(1.0, "<f8"),
        "unit variants/Y": numbers(2.0, "<f8"),
        "escaped/a%2Fb": numbers(1, "<i4"),
        "escaped/%": numbers(2, "<i4"),
        "escaped/%2E": numbers(3, "<i4"),
        "escaped/..": numbers(4, "<i4"),
        "escaped/a%00b": numbers(5, "<i4"),
        "escaped/100%25": numbers(6, "<i4"),
        "escaped/%252F": numbers(7, "<i4"),
        "empty": Group(),
        "other keys": kind("map"),
        "other keys/keys": numbers([[0, 1], [2, 3]], "u1"),
        "other keys/values": text(["a", "b"]),
        "equal keys": kind("map"),
        "equal keys/keys": text(["a", "a"]),
        "equal keys/values": numbers([1, 2], "<i4"),
    },
    "tuples": {
        "numbers": numbers([1, 2, 3], "<f8"),
        "bools": bools([True, False]),
        "array": numbers([1, 2, 3], "<u2"),
        "nested arrays": numbers([[1, 2, 3], [4, 5, 6]], "u1"),
        "tuple struct": numbers([1, -2], "<i4"),
        "unlike": kind("tuple"),
        "unlike/0": numbers(1, "<i4"),
        "unlike/1": text("two"),
        "unlike/2": numbers([3, 4], "<f8"),
        "unlike integers": kind("tuple"),
        "unlike integers/0": numbers(1, "i1"),
        "unlike integers/1": numbers(2, "<i8"),
        "empty array": numbers([], "<f8"),
    },
    "unit variants": {"unit variant": text("Empty")},
    "other variants": {
        "newtype/Circle": numbers(1.5, "<f8"),
        "tuple/Ellipse": numbers([1.5, 0.5], "<f8"),
        "struct/Rectangle/width": numbers(2.0, "<f8"),
        "struct/Rectangle/height": numbers(1.0, "<f8"),
    },
    "sequences of numbers": {
        "f64": numbers([1.5, NAN, -0.0], "<f8"),
        "i32": numbers([1, -2, 3], "<i4"),
        "u8": numbers([1, 2, 3], "u1"),
        "bools": bools([True, False, True]),
        "i128": records([(-(2**63), 1), (-1, 2**64 - 1)], HALVES, filebacked="i128"),
        "unlike integers": numbers([1, -1, 2**32 - 1], "<i8"),
        "large": numbers(range(100_000), "<u4"),
    },
    "sequences of equal length": {
        "f64": numbers([[1, 2, 3], [4, 5, 6]], "<f8"),
        "bools": bools([[True, False], [False, True]]),
        "deep": numbers(np.zeros((2, 3, 4, 5)), "<i2"),
        "none": numbers([[], []], "<f8"),
    },
    "sequences of strings": {
        "fixed length": text(["one", "two", "three", ""]),
        "own lengths": long_text(["-" * 1000] + [str(index) for index in range(1, 100)]),
        "chars": text(["a", "ß", "𝄞"]),
        "with NUL": kind("text"),
        "with NUL/offsets": numbers([0, 1, 1, 4], "<u8"),
        "with NUL/bytes": numbers(list(b"ab\0c"), "u1"),
    },
    "sequences of unit variants": {
        "all": codes([0, 4, 0], Empty=0, Full=4),
        "some": codes([4], Full=4),
        "truths": text(["FALSE", "TRUE"]),
    },
    "sequences of flat records": {
        "structs": records(
            [(1, [1, 1.25, 1.5], 1, True, (-1, 0.5)), (2, [2, 2.25, 2.5], 1, False, (-1, 0.5))], PARTICLE
        ),
        "tuples": records([(1, 1.5), (2, 2.5)], PAIR),
    },
    "sequences of other records": {
        "structs": columns(2),
        "structs/station": text(["A", "B"]),
        "structs/level": kind("nullable"),
        "structs/level/values": numbers([1.5, NAN], "<f8"),
        "structs/level/mask": bools([False, True]),
        "tuples": columns(2),
        "tuples/0": text(["a", "b"]),
        "tuples/1": numbers([1, 2], "<i4"),
        "nested": columns(1),
        "nested/id": numbers([1], "<u4"),
        "nested/inner": columns(1),
        "nested/inner/name": text(["a"]),
        "nested/inner/size": numbers([2], "u1"),
        "no fields": columns(2),
    },
    "sequences of options": {
        "integers": nullable("nullable-integer"),
        "integers/values": numbers([1, 0, 3], "<i4"),
        "integers/mask": bools([False, True, False]),
        "bools": nullable("nullable-boolean"),
        "bools/values": bools([True, False]),
        "bools/mask": bools([False, True]),
        "floats": kind("nullable"),
        "floats/values": numbers([NAN, 1.5], "<f8"),
        "floats/mask": bools([True, False]),
        "strings": kind("nullable"),
        "strings/values": text(["a", ""]),
        "strings/mask": bools([False, True]),
        "nested": kind("nullable"),
        "nested/values": nullable("nullable-integer"),
        "nested/values/values": numbers([1, 0, 0], "u1"),
        "nested/values/mask": bools([False, True, True]),
        "nested/mask": bools([False, False, True]),
        "all missing": kind("nullable"),
        "all missing/values": numbers([NAN, NAN], "<f8"),
        "all missing/mask": bools([True, True]),
    },
    "fields left out": {
        "structs": columns(2),
        "structs/id": numbers([1, 2], "<u4"),
        "structs/note": kind("masked"),
        "structs/note/values": kind("nullable"),
        "structs/note/values/values": text(["a", ""]),
        "structs/note/values/mask": bools([False, True]),
        "structs/note/mask": bools([False, True]),
    },
    "sequences of differing length": {
        "numbers": kind("ragged"),
        "numbers/offsets": numbers([0, 2, 2, 3], "<u8"),
        "numbers/values": numbers([1, 2, 3], "<i4"),
        "strings": kind("ragged"),
        "strings/offsets": numbers([0, 2, 3], "<u8"),
        "strings/values": text(["a", "b", "c"]),
        "deep": kind("ragged"),
        "deep/offsets": numbers([0, 2, 2], "<u8"),
        "deep/values": kind("ragged"),
        "deep/values/offsets": numbers([0, 1, 1], "<u8"),
        "deep/values/values": numbers([1], "u1"),
    },
    "sequences of bytes": {
        "bytes": kind("blobs"),
        "bytes/offsets": numbers([0, 2, 2, 3], "<u8"),
        "bytes/values": numbers(list(b"abc"), "u1"),
    },
    "sequences of maps": {
        "one order": columns(2),
        "one order/id": numbers([1, 2], "<u8"),
        "one order/name": kind("masked"),
        "one order/name/values": text(["a", ""]),
        "one order/name/mask": bools([False, True]),
        "other orders": kind("maps"),
        "other orders/offsets": numbers([0, 2, 4], "<u8"),
        "other orders/keys": text(["a", "b", "b", "a"]),
        "other orders/values": numbers([1, 2, 3, 4], "<i4"),
        "other keys": kind("maps"),
        "other keys/offsets": numbers([0, 2, 2], "<u8"),
        "other keys/keys": numbers([1, 2], "<i4"),
        "other keys/values": text(["one", "two"]),
    },
    "sequences of units": {
        "units": numbers(1000, "<u8", filebacked="units"),
        "unit structs": numbers(1, "<u8", filebacked="units"),
    },
    "sequences of enums with payload": {
        "variants": kind("variants"),
        "variants/tag": codes([3, 0, 1, 1, 2], Empty=0, Circle=1, Ellipse=2, Rectangle=3),
        "variants/Rectangle": records([(2.0, 1.0)], [("width", "<f8"), ("height", "<f8")]),
        "variants/Circle": numbers([1.5, 2.5], "<f8"),
        "variants/Ellipse": numbers([[1.5, 0.5]], "<f8"),
        "tag": kind("variants"),
        "tag/tag": codes([0, 1], tag=0, Other=1),
        "tag/%74ag": numbers([1], "u1"),
    },
    "sequences of mixed types": {
        "json": kind("mixed"),
        "json/tag": codes(range(6), **{name: tag for tag, name in enumerate(TYPES)}),
        "json/u64": numbers([1], "<u8"),
        "json/string": text(["two"]),
        "json/f64": numbers([3.5], "<f8"),
        "json/bool": bools([True]),
        "json/list": numbers([[4, 5]], "<u8"),
        "json/map": columns(1),
        "json/map/six": numbers([6], "<u8"),
        "unit": kind("nulls", **{"encoding-type": "nullable-integer", "encoding-version": "0.1.0"}),
        "unit/values": numbers([0, 1], "<i4"),
        "unit/mask": bools([True, False]),
        "null": kind("nulls"),
        "null/values": kind("mixed"),
        "null/values/tag": codes([0, 1, 0], u64=0, string=1),
        "null/values/u64": numbers([1, 0], "<u8"),
        "null/values/string": text(["two"]),
        "null/mask": bools([False, False, True]),
    },
    "empty sequences": {"numbers": numbers([], "<f8"), "structs": numbers([], "<f8")},
    "arrays": {
        "f64": numbers([[1, 2, 3], [4, 5, 6]], "<f8"),
        "other order": numbers([[1, 4], [2, 5], [3, 6]], "u1"),
        "bool": bools([True, False]),
        "c64": complexes([[1 - 2j]], "<c8"),
        "c128": complexes([1 - 2j, complex(NAN, 0.5)], "<c16"),
        "no dimensions": numbers(1.5, "<f4"),
        "empty": numbers(np.zeros((2, 0, 3)), "<i4"),
        "records": records([(True, 1.5), (False, 2.5)], [("valid", bool), ("value", "<f8")]),
        "large": numbers(np.add.outer(np.arange(700.0), 1000 * np.arange(1000.0)), "<f8"),
    },
    "sequences of objects": {
        "arrays": kind("list"),
        "arrays/0": numbers([0.5, 1.5], "<f8"),
        "arrays/1": numbers([], "<f8"),
        "options": kind("nullable"),
        "options/values": kind("list"),
        "options/values/0": nothing(),
        "options/values/1": numbers([1], "<i2"),
        "options/mask": bools([True, False]),
        "records": columns(2),
        "records/0": numbers([1, 2], "<i4"),
        "records/1": kind("list"),
        "records/1/0": bools([True]),
        "records/1/1": bools([False, True]),
    },
    "values with attributes": {
        "array": numbers([1.5], "<f8", unit="hPa", range=np.array([0.5, 1.5]), tag=None),
        "group": Group(unit="", range=np.array([0.0, 1.0]), tag=np.uint8(3)),
        "group/steps": numbers(10, "<u4"),
        "group/dt": numbers(0.1, "<f8"),
        "group/done": bools(True),
    },
    "sparse matrices": {
        **matrix("csr", "csr", (3, 4), data=numbers([1.5, 0, -2.5], "f8"), indices=[1, 3, 0], indptr=[0, 2, 2, 3]),
        **matrix("csc", "csc", (2, 3), data=bools([True, False]), indices=[1, 0], indptr=[0, 1, 1, 2]),
        **matrix("complex", "csr", (1, 1), data=complexes([1 - 2j], "<c8"), indices=[0], indptr=[0, 1]),
        **matrix("no entries", "csr", (0, 2), data=numbers([], "u1"), indices=[], indptr=[0]),
        **matrix("wide", "csr", (1, WIDE), "<i8", data=numbers([1], "<i2"), indices=[WIDE - 1], indptr=[0, 1]),
        **matrix("coo", "coo", (2, 3), data=numbers([1.5, 2.5, 3.5], "<f8"), row=[1, 0, 1], col=[0, 2, 0]),
        **matrix("no triplets", "coo", (2, 3), data=numbers([], "<f4"), row=[], col=[]),
        "in a list": kind("list"),
        **matrix("in a list/0", "csr", (2, 2), data=numbers([1, 1], "<f8"), indices=[0, 1], indptr=[0, 1, 2]),
        **matrix("in a list/1", "csr", (1, 1), data=numbers([], "<f8"), indices=[], indptr=[0, 0]),
    },
}

# Sequences that were appended to, by their names.
GROWING = {
    "names": {
        "": kind("text", **counted(2)),
        "offsets": numbers([0, 3, 8], "<u8", grows=True),
        "bytes": numbers(list(b"onethree"), "u1", grows=True),
    },
    "numbers": {"": numbers([1.5, 2.5, 3.5], "<f8", grows=True, **counted(3))},
    "records": {"": records([(1, 1.5), (2, 2.5)], PAIR, grows=True, **counted(2))},
}
