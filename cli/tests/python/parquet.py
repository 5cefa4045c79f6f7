"""Parquet by pyarrow, for the tests of `filebacked convert`.

Usage: parquet.py read FILE          checks what was made of the file of the tests
       parquet.py write FOLDER       writes files of all types, compressions and sizes
       parquet.py same NAME...       checks that `back-NAME.parquet` has the rows of `NAME.parquet`, which `write` made
       parquet.py long FILE          writes a file of rows that take 125 MB
"""

import datetime
import decimal
import sys
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq


def read(path):
    table = pq.read_table(path)
    types = {field.name: str(field.type) for field in table.schema}
    assert types == {
        "id": "uint32",
        "energy": "float",
        "name": "string",
        "charge": "int8",
        "is_free": "bool",
        "path": "list<element: double>",
        "spin": "struct<x: double, y: double>",
        "when": "timestamp[ns]",
        "a/b": "int64",
    }, types
    assert table.num_rows == 2000
    rows = table.slice(0, 3).to_pylist()
    assert [row["id"] for row in rows] == [0, 1, 2]
    assert [row["energy"] for row in rows] == [0.0, 0.5, 1.0]
    assert [row["name"] for row in rows] == ["particle 0", None, "particle 2"]
    assert [row["charge"] for row in rows] == [-1, 0, 1]
    assert [row["is_free"] for row in rows] == [True, False, True]
    assert [row["path"] for row in rows] == [[], [0.0], [0.0, 1.0]]
    assert rows[2]["spin"] == {"x": 2.0, "y": -2.0}
    assert pd.Timestamp(rows[1]["when"]) == pd.Timestamp("2023-11-14T22:13:21.25")
    assert [row["a/b"] for row in rows] == [0, 7, 14]
    # Only columns with nulls have some.
    assert [column for column in table.column_names if table[column].null_count] == ["name"]


def every_type():
    """A table with a column of each type that Parquet has, each with a null, and each without."""
    moment = datetime.datetime(2024, 2, 29, 12, 30, 15, 123456)
    values = {
        "i8": (pa.int8(), [-128, 127]),
        "i16": (pa.int16(), [-(2**15), 1]),
        "i32": (pa.int32(), [-(2**31), 1]),
        "i64": (pa.int64(), [-(2**63), 2**63 - 1]),
        "u8": (pa.uint8(), [0, 255]),
        "u16": (pa.uint16(), [0, 2**16 - 1]),
        "u32": (pa.uint32(), [0, 2**32 - 1]),
        "u64": (pa.uint64(), [0, 2**64 - 1]),
        "f16": (pa.float16(), [0.5, -1.5]),
        "f32": (pa.float32(), [0.5, float("inf")]),
        "f64": (pa.float64(), [0.1, -0.0]),
        "bool": (pa.bool_(), [True, False]),
        "string": (pa.string(), ["", "grün 🐧"]),
        "large_string": (pa.large_string(), ["a", "b" * 1000]),
        "binary": (pa.binary(), [b"", b"\x00\xff"]),
        "fixed": (pa.binary(3), [b"abc", b"\x00\x00\x00"]),
        "date32": (pa.date32(), [datetime.date(1969, 12, 31), datetime.date(2024, 2, 29)]),
        "date64": (pa.date64(), [datetime.date(1969, 12, 31), datetime.date(2024, 2, 29)]),
        "s": (pa.timestamp("s"), [moment.replace(microsecond=0), datetime.datetime(1, 1, 1)]),
        "ms": (pa.timestamp("ms", tz="Europe/Paris"), [moment.replace(microsecond=123000), moment.replace(microsecond=0)]),
        "us": (pa.timestamp("us"), [moment, datetime.datetime(1969, 1, 1)]),
        "ns": (pa.timestamp("ns", tz="UTC"), [moment, moment]),
        "time32": (pa.time32("ms"), [datetime.time(23, 59, 59, 999000), datetime.time(0)]),
        "time64": (pa.time64("us"), [datetime.time(23, 59, 59, 999999), datetime.time(0)]),
        "duration": (pa.duration("us"), [datetime.timedelta(days=1), datetime.timedelta(microseconds=-1)]),
        "list": (pa.list_(pa.int32()), [[1, None, 3], []]),
        "times": (pa.list_(pa.timestamp("us")), [[moment], []]),
        "nested": (pa.list_(pa.list_(pa.string())), [[["a"], []], [["b", "c"]]]),
        "struct": (
            pa.struct([("x", pa.float64()), ("day", pa.date32()), ("inner", pa.struct([("label", pa.string())]))]),
            [{"x": 0.5, "day": datetime.date(2000, 1, 1), "inner": {"label": "a"}}, {"x": None, "day": None, "inner": None}],
        ),
        "of structs": (pa.list_(pa.struct([("x", pa.int64())])), [[{"x": 1}], []]),
        "map": (pa.map_(pa.string(), pa.int32()), [[("a", 1), ("b", None)], []]),
        "per/cent %": (pa.int32(), [1, 2]),
        "cents": (pa.decimal128(10, 2), [decimal.Decimal("12.34"), decimal.Decimal("-0.05")]),
        "whole": (pa.decimal128(18, 0), [decimal.Decimal(10**17 + 1), decimal.Decimal(-5)]),
        "long": (pa.decimal128(38, 10), [decimal.Decimal("1234567890123456789.0123456789"), decimal.Decimal("-1E-10")]),
        "kind": (pa.dictionary(pa.int8(), pa.string()), ["T", "B"]),
    }
    columns, fields = [], []
    for name, (type_, both) in values.items():
        for suffix, rows in [("", both), ("?", [both[0], None])]:
            columns.append(pa.array(rows * 3, type_))
            fields.append(pa.field(name + suffix, type_))
    columns.append(pa.nulls(6))
    fields.append(pa.field("nothing", pa.null()))
    columns.append(pa.array([1, 2] * 3, pa.int32()))
    fields.append(pa.field("never", pa.int32(), nullable=False))
    return pa.table(columns, pa.schema(fields))


def write(folder):
    table = every_type()
    pq.write_table(table, folder / "types.parquet", row_group_size=4)
    # Readers of old learn nothing of Arrow's types, nor how many nulls there are.
    pq.write_table(table, folder / "bare.parquet", write_statistics=False, store_schema=False)
    pq.write_table(table.slice(0, 0), folder / "empty.parquet")
    rows = pa.table({"id": range(5000), "name": [f"name {number % 7}" for number in range(5000)]})
    for compression in ["none", "snappy", "gzip", "zstd", "brotli", "lz4"]:
        version = "2.0" if compression in ("none", "zstd") else "1.0"
        path = folder / f"{compression}.parquet"
        pq.write_table(rows, path, compression=compression, row_group_size=1000, data_page_version=version)
    frame = pd.DataFrame({"x": [0.5, None], "kind": pd.Categorical(["a", "b"])}, index=pd.Index([3, 5], name="at"))
    frame.to_parquet(folder / "pandas.parquet")
    pq.write_table(pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["x", "x"]), folder / "twice.parquet")
    pq.write_table(pa.table({"x": pa.array([1, 2], pa.int64())}), folder / "some.parquet")


def long(path):
    schema = pa.schema([("id", pa.int64()), ("name", pa.string())])
    with pq.ParquetWriter(path, schema) as writer:
        for first in range(0, 500_000, 100_000):
            ids = range(first, first + 100_000)
            names = [f"{'a long name ' * 20}{number}" for number in ids]
            writer.write_table(pa.table([pa.array(ids), pa.array(names)], schema))


def plain(value):
    """A value as it is after it was in HDF5."""
    if isinstance(value, decimal.Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(inner) for inner in value]
    return value


def same(*names):
    for name in names:
        one, other = pq.read_table(f"{name}.parquet"), pq.read_table(f"back-{name}.parquet")
        same_tables(one, other)


def same_tables(one, other):
    assert one.column_names == other.column_names, other.column_names
    for name in one.column_names:
        before, after = one[name], other[name]
        base = name.rstrip("?")
        if base == "long":
            after = after.cast(pa.string())
            assert [None if text is None else decimal.Decimal(text) for text in after.to_pylist()] == before.to_pylist()
            continue
        values = [plain(value) for value in before.to_pylist()]
        if base == "map":
            # A list of records, as Arrow itself has them.
            entries = lambda value: [{"key": key, "value": number} for key, number in value]
            values = [None if value is None else entries(value) for value in values]
        found = [plain(value) for value in after.to_pylist()]
        assert values == found, (name, values, found)
        expected = {
            "f16": "float",
            "large_string": "string",
            "cents": "double",
            "whole": "int64",
            "kind": "string",
            "map": "list<element: struct<key: string, value: int32>>",
            "fixed": "binary",
        }.get(base, str(before.type))
        assert str(after.type).replace("element", "item") == expected.replace("element", "item"), (name, after.type)
        assert after.null_count == before.null_count, name


command, *arguments = sys.argv[1:]
{"read": read, "write": write, "same": same, "long": long}[command](*map(Path, arguments))
