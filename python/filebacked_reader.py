"""Reads HDF5 files of the Rust crate filebacked: any node as plain Python objects and numpy arrays, or as a table.

The layout that this reads is in the crate's FORMAT.md; "kind" below is its word.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from contextlib import contextmanager

import h5py
import numpy as np

__all__ = ["ReadError", "attributes", "kind", "read", "read_table"]

# What units and structs without fields may number: they take no room, so a damaged count would take all memory.
_MOST_UNITS = 1 << 24


class ReadError(ValueError):
    """What is stored cannot be read. The text says what it is, its kind and its HDF5 path."""


class _Missing:
    """A field that a record of a sequence does not have, as against one that is None."""


def read(source, name="/"):
    """Returns the value at the HDF5 path `name` of a file (a path) or of an open h5py group or dataset.

    Numbers, bools, strings, bytes and None are Python's own; None also stands for units. Datasets of numbers are numpy
    arrays. All other sequences are lists, tuples of unlike elements are tuples, and structs, maps and records are dicts,
    in their order. An enum's variant is its name, or a dict from its name to its payload.
    """
    with _opened(source, name) as node:
        try:
            value = _value(node, _within_object(node))
        except RecursionError:
            raise ReadError(f"values nest too deeply; at HDF5 path `{node.name}`") from None
    return [None if element is _Missing else element for element in value] if isinstance(value, list) else value


def read_table(source, name="/"):
    """Returns a list of records (structs, tuples or maps) as a pandas DataFrame, with a column for each field.

    Columns of optional numbers and bools have pandas' nullable types, enums without payload and dictionaries of Arrow are
    categoricals, times are times, and what pandas has no type for are columns of Python objects.
    """
    import pandas

    with _opened(source, name) as node:
        while _mark(node) in ("value", "some"):
            node = _child(node, "value")
        mark, n = _mark(node), _length(node)
        if mark == "columns":
            n = _column_length(node, n)
            columns = {_key(link): _table_column(_child(node, link), n) for link in node}
            return pandas.DataFrame(columns, index=pandas.RangeIndex(n))
        if mark == "maps":
            return pandas.DataFrame(_maps(node, n))
        if mark is None and isinstance(node, h5py.Dataset) and len(node.shape or ()) == 1:
            if node.dtype.names:
                data, fields = _data(node, n), node.dtype.fields
                columns = {field: _table_array(data[field], fields[field][0], None, node) for field in node.dtype.names}
                return pandas.DataFrame(columns, index=pandas.RangeIndex(len(data)))
            if node.shape == (0,):
                return pandas.DataFrame()
        raise _error(node, "no list of records")


def kind(source, name="/"):
    """Returns the kind of a node, which is the word in its attribute `filebacked`.

    A node without one is a "none", "scalar", "array" or "records" (a dataset), or a "sparse" or "group".
    """
    with _opened(source, name) as node:
        mark = _mark(node)
        if mark is not None:
            return mark
        if isinstance(node, h5py.Group):
            return "sparse" if _sparse_format(node) else "group"
        if node.shape is None:
            return "none"
        return "records" if node.dtype.base.names else "array" if node.shape else "scalar"


def attributes(source, name="/"):
    """Returns the attributes that a value has, by name, without those that belong to the layout.

    `read` gives those of structs as well, as keys that begin with "@".
    """
    with _opened(source, name) as node:
        return _attributes(node)


# --- Nodes ---


@contextmanager
def _opened(source, name):
    if not isinstance(source, (str, os.PathLike)):
        yield _find(source, name)
        return
    with h5py.File(source, "r") as file:
        yield _find(file["/"], name)


def _find(node, name):
    """Goes along a path, whose steps are names of links, or keys that the links' names are escaped from."""
    for step in filter(None, name.split("/")):
        if not isinstance(node, h5py.Group):
            raise _error(node, f"no group in which `{step}` could be")
        if step == "." or step not in node:
            step = "%2E" if step == "." else re.sub("%(?!2F|25|2E|00|74)", "%25", step).replace("\0", "%00")
        node = _child(node, step)
    if isinstance(node, h5py.Datatype):
        raise ReadError(f"found a named data type, which is no value; at HDF5 path `{node.name}`")
    return node


def _child(group, link):
    try:
        return group[link]
    except KeyError:
        names = ", ".join(f"`{name}`" for name in list(group)[:20]) or "nothing"
        raise _error(group, f"without a child `{link}`; it has {names}") from None


def _error(node, problem):
    what = "group" if isinstance(node, h5py.Group) else "dataset"
    mark = _mark(node)
    found = f"a {what} of the kind `{mark}`" if mark else f"a {what} without a kind"
    if what == "dataset":
        found += f", of shape {node.shape} and type `{node.dtype}`"
    return ReadError(f"found {found}: {problem}; at HDF5 path `{node.name}`")


def _mark(node):
    mark = node.attrs.get("filebacked")
    return mark.decode() if isinstance(mark, bytes) else mark if isinstance(mark, str) else None


def _length(node):
    """How many elements of a sequence count that was appended to; None for all of them."""
    length = node.attrs.get("filebacked-length")
    return None if length is None else int(length)


def _key(link):
    """The name that a link's name stands for."""
    escapes = {"2F": "/", "25": "%", "2E": ".", "00": "\0", "74": "t"}
    return "" if link == "%" else re.sub("%(2F|25|2E|00|74)", lambda found: escapes[found[1]], link)


def _data(dataset, n=None):
    """What h5py gives for a dataset, or for its first `n` rows."""
    if not isinstance(dataset, h5py.Dataset):
        raise _error(dataset, "no dataset")
    if dataset.shape is None or n is not None and (not dataset.shape or dataset.shape[0] < n):
        raise _error(dataset, f"not the {'' if n is None else n} elements that are to be there")
    try:
        return dataset[()] if n is None else dataset[:n]
    except OSError as error:
        raise _error(dataset, f"{error}") from error


def _decoded(data, dtype, node):
    """What h5py gives for numbers, strings, enums and records, as Python has it."""
    dtype, shape = dtype.base, np.shape(data)
    names = h5py.check_enum_dtype(dtype)
    if h5py.check_string_dtype(dtype):
        values = [_text(text) for text in np.asarray(data, object).ravel()]
    elif names:
        names = {value: name for name, value in names.items()}
        values = [names.get(value, value) for value in np.ravel(data).tolist()]
    elif dtype.names:
        flat = np.asarray(data).reshape(-1)
        fields = {field: _decoded(flat[field], dtype.fields[field][0], node) for field in dtype.names}
        values = _rows(fields, len(flat), node)
    elif dtype.kind in "biufcmM":
        return data if shape else np.asarray(data)[()].item()
    elif dtype.kind == "V":
        values = [value.tobytes() for value in np.ravel(data)]
    else:
        raise _error(node, "a type that this does not read")
    return _shaped(values, shape)


def _shaped(values, shape):
    """Puts a list into nested lists."""
    if len(shape) == 1:
        return values
    cells = np.empty(len(values), object)
    for index, value in enumerate(values):
        cells[index] = value
    return cells.reshape(shape).tolist()


def _text(text):
    if isinstance(text, bytes):
        try:
            return text.decode()
        except UnicodeDecodeError:
            pass  # The pickles that the Python package FileBacked has as strings.
    return text


# --- Values ---


def _value(node, in_object=False):
    """The value at a node. Within objects of the Python package FileBacked, lists are groups without a kind."""
    mark = _mark(node)
    if mark is None:
        if isinstance(node, h5py.Group):
            if _is_categorical(node):
                return _sequence(node)
            return _sparse(node) if _sparse_format(node) else _group(node, in_object)
        return None if node.shape is None else _decoded(_data(node, _length(node)), node.dtype, node)
    if mark in _SEQUENCES:
        return _sequence(node, _length(node))
    if mark not in _ALONE:
        raise _error(node, "a kind that this does not know")
    _check_form(node, mark)
    return _ALONE[mark](node)


def _check_form(node, mark):
    if isinstance(node, h5py.Dataset) != (mark in _DATASETS):
        raise _error(node, "a kind that such an object cannot have")


def _group(node, in_object):
    """A struct, a map, or a variant with its payload, which are alike."""
    inside = in_object or _is_object(node)
    # The package does not escape names, and does not track the order of links; this crate does both.
    tracked = node.id.get_create_plist().get_link_creation_order() & h5py.h5p.CRT_ORDER_TRACKED
    as_they_are = inside and not tracked
    entries = {"@" + name: value for name, value in _attributes(node).items()}
    children = {link: child for link in node if not isinstance(child := _child(node, link), h5py.Datatype)}
    if in_object and children and set(entries) <= {"@typeid"} and set(children) == {str(index) for index in range(len(children))}:
        return [_value(children[str(index)], True) for index in range(len(children))]
    for link, child in children.items():
        key = link if as_they_are else _key(link)
        if key in entries:
            raise _error(node, f"two entries of the name `{key}`")
        entries[key] = _value(child, inside)
    return entries


def _is_object(node):
    return "class" in node.attrs and "module" in node.attrs


def _within_object(node):
    while node.name not in (None, "/"):
        node = node.parent
        if _is_object(node):
            return True
    return False


def _attributes(node):
    own = {"filebacked", "filebacked-length"}
    mark = _mark(node)
    if mark == "columns":
        own.add("length")
    if isinstance(node, h5py.Group) and mark is not None:
        own |= {"encoding-type", "encoding-version"}
    elif isinstance(node, h5py.Group) and _sparse_format(node):
        own |= {"format", "m", "n", "shape", "encoding-type", "encoding-version"}
    found = {}
    for name in node.attrs:
        if name not in own:
            value = node.attrs[name]
            dtype = node.attrs.get_id(name).dtype
            found[name] = None if isinstance(value, h5py.Empty) else _decoded(value, dtype, node)
    return found


def _sparse_format(group):
    marks = {name: _text(group.attrs[name]) for name in ("format", "encoding-type") if name in group.attrs}
    if {"m", "n"} <= set(group.attrs) and marks.get("format") in ("csr", "csc", "coo"):
        return marks["format"]
    return {"csr_matrix": "csr", "csc_matrix": "csc"}.get(marks.get("encoding-type"))


def _is_categorical(node):
    """Whether it is AnnData's categorical, as which tables of Arrow have dictionaries."""
    return isinstance(node, h5py.Group) and _mark(node) is None and _text(node.attrs.get("encoding-type")) == "categorical"


def _categories(node, n=None):
    """The values that are few, the code of each element, and whether the values have an order."""
    codes, values = _data(_child(node, "codes"), n), _items(_sequence(_child(node, "categories")))
    if codes.ndim != 1 or codes.dtype.kind not in "iu" or (codes >= len(values)).any():
        raise _error(node, "codes that are not those of its categories")
    return values, codes, bool(node.attrs.get("ordered", False))


def _sparse(group):
    """A matrix of scipy's, or where that is not installed, its parts."""
    form, attrs = _sparse_format(group), group.attrs
    shape = tuple(int(size) for size in ((attrs["m"], attrs["n"]) if "m" in attrs else attrs["shape"]))
    names = ("data", "row", "col") if form == "coo" else ("data", "indices", "indptr")
    data, first, second = (_data(_child(group, name)) for name in names)
    try:
        from scipy import sparse
    except ImportError:
        return {"format": form, "shape": shape, names[0]: data, names[1]: first, names[2]: second}
    parts = (data, (first, second)) if form == "coo" else (data, first, second)
    try:
        return getattr(sparse, form + "_matrix")(parts, shape=shape)
    except ValueError as error:
        raise _error(group, f"{error}") from error


def _dict(keys, values):
    """A dict, or pairs where two keys are one to Python: as in maps with a key twice, or with 1 beside True."""
    pairs = [(_hashable(key), value) for key, value in zip(_items(keys), _items(values))]
    entries = dict(pairs)
    return entries if len(entries) == len(pairs) else pairs


def _hashable(key):
    if isinstance(key, dict):
        return tuple((name, _hashable(value)) for name, value in key.items())
    return tuple(map(_hashable, _items(key))) if isinstance(key, (list, tuple, np.ndarray)) else key


# --- Sequences ---


def _sequence(node, n=None):
    """The first `n` elements of a sequence, or all: an array, if they are numbers, or else a list."""
    mark = _mark(node)
    if _is_categorical(node):
        values, codes, _ = _categories(node, n)
        return [values[code] if code >= 0 else None for code in codes.tolist()]
    if mark not in _SEQUENCES or mark is None and not isinstance(node, h5py.Dataset):
        raise _error(node, "no sequence")
    _check_form(node, mark)
    return _SEQUENCES[mark](node, n)


def _items(sequence):
    """The elements, with numbers as Python's own."""
    return sequence.tolist() if isinstance(sequence, np.ndarray) and sequence.ndim == 1 else list(sequence)


def _numbers(node, n):
    return _decoded(_data(node, n), node.dtype, node)


def _wide(node, n=None):
    """128-bit integers, alone or in a sequence."""
    if node.dtype.names != ("hi", "lo"):
        raise _error(node, "no halves of integers")
    data = _data(node, n)
    halves = zip(np.ravel(data["hi"]).tolist(), np.ravel(data["lo"]).tolist())
    return _shaped([(hi << 64) + lo for hi, lo in halves], np.shape(data))


def _units(node, n):
    n = int(_data(node)) if n is None else n
    if n > _MOST_UNITS:
        raise _error(node, f"{n} units, more than the {_MOST_UNITS} that the layout allows")
    return [None] * n


def _column_length(node, n):
    if n is None and "length" not in node.attrs:
        raise _error(node, "no attribute `length`")
    return int(node.attrs["length"]) if n is None else n


def _columns(node, n):
    n = _column_length(node, n)
    return _rows({_key(link): _sequence(_child(node, link), n) for link in node}, n, node)


def _rows(columns, n, node):
    """Records of their fields: tuples, if the fields are numbered."""
    if not columns:
        if n > _MOST_UNITS:
            raise _error(node, f"{n} records without fields, more than the {_MOST_UNITS} that the layout allows")
        return [{} for _ in range(n)]
    rows = zip(*map(_items, columns.values()))
    if list(columns) == [str(index) for index in range(len(columns))]:
        return list(rows)
    return [{name: value for name, value in zip(columns, row) if value is not _Missing} for row in rows]


def _masked(node, n):
    mask = _data(_child(node, "mask"), n)
    gap = _Missing if _mark(node) == "masked" else None
    # If all are missing, the values may be an empty dataset, as their type has never shown.
    values = mask if mask.all() else _items(_sequence(_child(node, "values"), len(mask)))
    return [gap if missing else value for missing, value in zip(mask.tolist(), values)]


def _offsets(node, n):
    """The places where elements begin and end."""
    if n == 0:
        return [0]
    offsets = _data(_child(node, "offsets"), None if n is None else n + 1)
    if not len(offsets) or (offsets[1:] < offsets[:-1]).any():
        raise _error(node, "offsets that do not ascend")
    return offsets.tolist()


def _slices(values, offsets):
    return [values[begin:end] for begin, end in zip(offsets, offsets[1:])]


def _ragged(node, n):
    offsets = _offsets(node, n)
    return _slices(_sequence(_child(node, "values"), offsets[-1]), offsets)


def _blobs(node, n):
    offsets = _offsets(node, n)
    return _slices(_data(_child(node, "values"), offsets[-1]).tobytes(), offsets)


def _strings(node, n):
    offsets = _offsets(node, n)
    return [_text(text) for text in _slices(_data(_child(node, "bytes"), offsets[-1]).tobytes(), offsets)]


def _maps(node, n):
    offsets = _offsets(node, n)
    keys, values = (_slices(_sequence(_child(node, name), offsets[-1]), offsets) for name in ("keys", "values"))
    return [_dict(*entries) for entries in zip(keys, values)]


def _tagged(node, n):
    """Enums, and elements of unlike types: a tag for each element, and for each tag the elements that have it."""
    tags = _sequence(_child(node, "tag"), n)
    counts = Counter(tags)
    links = {_key(link): link for link in node if link != "tag"}
    elements = {tag: iter(_items(_sequence(_child(node, links[tag]), counts[tag]))) for tag in counts if tag in links}
    if _mark(node) == "variants":
        return [{tag: next(elements[tag])} if tag in elements else tag for tag in tags]
    if set(counts) - set(elements) - {"unit"}:
        raise _error(node, f"no elements of a type among {sorted(map(str, counts))}")
    return [next(elements[tag]) if tag in elements else None for tag in tags]


def _list(node, n):
    return [_value(_child(node, str(index))) for index in range(len(node) if n is None else n)]


# --- Tables ---


def _table_column(node, n):
    mask = None
    while _mark(node) in ("nullable", "nulls", "masked"):
        here = _data(_child(node, "mask"), n)
        mask = here if mask is None else here | mask
        node = _child(node, "values")
        if mask.all() and isinstance(node, h5py.Dataset) and node.shape == (0,):
            return [None] * n
    if _is_categorical(node):
        import pandas

        values, codes, ordered = _categories(node, n)
        codes = codes if mask is None else np.where(mask, -1, codes)
        return pandas.Categorical.from_codes(codes.astype(int), values, ordered=ordered)
    if _mark(node) is None and isinstance(node, h5py.Dataset):
        times = _times(node, n)
        if times is not None:
            if mask is not None:
                times[mask] = "NaT"
            return times
        return _table_array(_data(node, n), node.dtype, mask, node)
    values = _items(_sequence(node, n))
    return values if mask is None else [None if missing else value for value, missing in zip(values, mask)]


def _times(node, n):
    """Numbers whose attribute `units` says that they are times, or durations, as those of numpy; None for all others."""
    units = _text(node.attrs.get("units"))
    if not isinstance(units, str) or node.dtype.kind != "i" or len(node.shape) != 1:
        return None
    letters = {"days": "D", "seconds": "s", "milliseconds": "ms", "microseconds": "us", "nanoseconds": "ns"}
    unit, _, epoch = units.partition(" since ")
    if unit not in letters or epoch not in ("", "1970-01-01") or not epoch and node.dtype.itemsize < 8:
        return None
    sort = "datetime64" if epoch else "timedelta64"
    # pandas has no times in days.
    times = _data(node, n).astype("i8").astype(f"{sort}[{letters[unit]}]")
    return times.astype(f"{sort}[s]") if unit == "days" else times


def _table_array(data, dtype, mask, node):
    import pandas

    names = h5py.check_enum_dtype(dtype)
    if names and data.ndim == 1:
        categories = sorted(names, key=names.get)
        codes = {names[name]: code for code, name in enumerate(categories)}
        codes = np.array([codes.get(value, -1) for value in data.tolist()], int)
        return pandas.Categorical.from_codes(codes if mask is None else np.where(mask, -1, codes), categories)
    values = _decoded(data, dtype, node)
    if isinstance(values, np.ndarray) and values.ndim == 1:
        arrays = {"i": pandas.arrays.IntegerArray, "u": pandas.arrays.IntegerArray, "b": pandas.arrays.BooleanArray}
        if values.dtype.itemsize in (4, 8):
            arrays["f"] = pandas.arrays.FloatingArray
        if mask is None or values.dtype.kind in arrays:
            return values if mask is None else arrays[values.dtype.kind](values, mask)
    values = _items(values)
    return values if mask is None else [None if missing else value for value, missing in zip(values, mask)]


# What reads each kind: those that stand alone, and sequences. All others than these few are groups.
_DATASETS = {None, "unit", "str", "bytes", "i128", "u128", "units", "array", "matrix", "fixed-matrix"}
_ALONE = {
    "value": lambda node: _value(_child(node, "value")),
    "some": lambda node: _value(_child(node, "value")),
    "unit": lambda node: None,
    "str": lambda node: _text(_data(node).tobytes()),
    "bytes": lambda node: _data(node).tobytes(),
    "map": lambda node: _dict(_sequence(_child(node, "keys")), _sequence(_child(node, "values"))),
    "tuple": lambda node: tuple(_value(_child(node, str(index))) for index in range(len(node))),
}
_SEQUENCES = {
    None: _numbers,
    "array": _numbers,
    "matrix": _numbers,
    "fixed-matrix": _numbers,
    "i128": _wide,
    "u128": _wide,
    "columns": _columns,
    "nullable": _masked,
    "nulls": _masked,
    "masked": _masked,
    "ragged": _ragged,
    "blobs": _blobs,
    "text": _strings,
    "maps": _maps,
    "units": _units,
    "variants": _tagged,
    "mixed": _tagged,
    "list": _list,
}
