"""Opens a file that holds every encoding of FORMAT.md with programs that have never heard of the crate, and asserts
what each makes of each object: of a dataset by its sort and value, which `others_table.py` has.

Usage: others.py FILE GROWING. GROWING has sequences that were appended to. Prints the name of each program that has
opened them.
"""

import sys
import warnings

import h5py
import netCDF4
import numpy as np
import pandas as pd
import tables
from anndata.io import read_elem
from others_table import GROWING, TABLE, Group

warnings.filterwarnings("ignore")


class Any:
    """An array of some type and shape, of which nobody knows what is in it."""

    def __init__(self, dtype, shape):
        self.dtype, self.shape = np.dtype(dtype), shape


def same(found, expected, path):
    """Asserts that what a program gives is what is expected: also an error, by its type and message."""
    shown = f"{path}: {found!r:.200} is not {expected!r:.200}"
    if isinstance(expected, Any):
        assert (found.dtype, found.shape) == (expected.dtype, expected.shape), shown
    elif isinstance(expected, Exception):
        assert type(found) is type(expected) and str(found) == str(expected), shown
    elif isinstance(expected, dict):
        assert isinstance(found, dict) and set(found) == set(expected), shown
        for name, value in expected.items():
            same(found[name], value, f"{path}/{name}")
    elif isinstance(expected, tuple):
        assert isinstance(found, tuple) and len(found) == len(expected), shown
        for one, other in zip(found, expected):
            same(one, other, path)
    elif isinstance(expected, (np.ndarray, np.generic)):
        assert isinstance(found, (np.ndarray, np.generic)) and found.shape == expected.shape, shown
        assert members(found.dtype) == members(expected.dtype), (shown, found.dtype, expected.dtype)
        if expected.dtype.names:
            # As text, where NaN is NaN.
            assert repr(found.tolist()) == repr(expected.tolist()), shown
        else:
            np.testing.assert_array_equal(found, expected, shown)
    else:
        assert not isinstance(found, Exception) and found == expected, shown


def members(dtype):
    """What a type is but for where its members are."""
    return [(name, members(dtype[name])) for name in dtype.names] if dtype.names else dtype


def changed(dtype, change):
    """The type with another one for each member, however deep."""
    if dtype.names:
        return np.dtype([(name, changed(dtype[name], change)) for name in dtype.names])
    if dtype.subdtype:
        inner, shape = dtype.subdtype
        return np.dtype((changed(inner, change), shape))
    return change(dtype)


def is_enum(dtype):
    return bool(dtype.metadata and "enum" in dtype.metadata)


def is_flat(dtype):
    """Whether a compound has numbers alone in it."""
    members = [dtype[name] for name in dtype.names]
    return not any(member.names or member.subdtype or member == bool or is_enum(member) for member in members)


def without_bools(records):
    return records.astype(changed(records.dtype, lambda dtype: np.dtype("i1") if dtype == bool else dtype))


def strings(value):
    """A string, or an array of some."""
    return value if isinstance(value, str) else np.array(value, object)


def longest(value):
    return max(len(text.encode()) for text in ([value] if isinstance(value, str) else value))


def encoded(value):
    return np.array(value.encode() if isinstance(value, str) else [text.encode() for text in value], "S")


def each(table):
    """All that is in a table: the path, the name, and what is stored."""
    for row, values in table.items():
        for name, stored in values.items():
            path = f"{row}/{name}".strip("/")
            yield path, path.rpartition("/")[2], stored


def is_dataset(stored):
    return stored is not None and not isinstance(stored, Group)


def attempt(at, path):
    """What is there, or the error."""
    try:
        return at(path)
    except Exception as error:
        return error


def look(program, table, at, attributes=None):
    """Asserts what `program` makes of each object, and, if it has any, of each attribute."""
    of_sorts, of_attributes = program
    for path, name, stored in each(table):
        found = attempt(at, path)
        if isinstance(stored, Group):
            same(found, of_sorts["group"], path)
        else:
            of_sort = of_sorts["growing " * stored.grows + stored.sort]
            same(found, of_sort(stored.value, name) if callable(of_sort) else of_sort, path)
        if attributes:
            same(attributes(path), {name: of_attributes(value) for name, value in stored.attributes.items()}, path)


# h5py has it all. The layout's own words are bytes to it, as they are of a fixed length.

OWN = {"filebacked", "encoding-type", "encoding-version"}

H5PY = {
    "group": ("group",),
    "numbers": lambda value, _: value,
    "growing numbers": lambda value, _: value,
    "bools": lambda value, _: value,
    "text": lambda value, _: strings(value),
    "long text": lambda value, _: strings(value),
    "codes": lambda value, _: (value[0], value[1]),
    "complexes": lambda value, _: value,
    "records": lambda value, _: value,
    "growing records": lambda value, _: value,
    "nothing": h5py.Empty("f8"),
}


def by_h5py(path, table):
    def at(path):
        node = file[path]
        if isinstance(node, h5py.Group):
            return ("group",)
        if h5py.check_string_dtype(node.dtype):
            return node.asstr()[()]
        names = h5py.check_enum_dtype(node.dtype)
        return (node[()], names) if names and node.dtype != bool else node[()]

    def attributes(path):
        found = dict(file[path].attrs)
        for name in OWN & set(found):
            assert isinstance(found[name], np.bytes_), (path, name)
            found[name] = found[name].decode()
        return found

    def attribute(value):
        return h5py.Empty("f8") if value is None else np.array(value, object) if isinstance(value, list) else value

    with h5py.File(path) as file:
        look((H5PY, attribute), table, at, attributes)
        # There is nothing else: no row, no dataset, and no group that says something.
        assert list(file) == list(table), set(file) ^ set(table)
        rest = {}
        file.visititems(lambda path, node: rest.update({path: node}))
        for path, _, _ in each(table):
            rest.pop(path)
        for path, node in rest.items():
            assert isinstance(node, h5py.Group) and len(node) and not node.attrs, path


# PyTables has no strings of variable length; it makes integers of bools, and a number of a null dataspace. A compound
# that is alone is a table without rows.

PYTABLES = {
    "group": ("Group",),
    "numbers": lambda value, _: ("Array", value),
    "growing numbers": lambda value, _: ("EArray", value),
    "bools": lambda value, _: ("Array", value.astype("i1")),
    "text": lambda value, _: ("Array", encoded(value)),
    "long text": AttributeError("'UnImplemented' object has no attribute 'read'"),
    "codes": lambda value, _: ("Array", value[0]),
    "complexes": lambda value, _: ("Array", value),
    "records": lambda value, _: ("Table", without_bools(value) if value.ndim else np.array([], value.dtype)),
    "growing records": lambda value, _: ("Table", without_bools(value)),
    "nothing": ("Array", Any("f8", ())),
}


def by_pytables(path, table):
    def at(path):
        node = file.get_node("/" + path)
        return (type(node).__name__, node.read()) if isinstance(node, tables.Leaf) else (type(node).__name__,)

    def attributes(path):
        found = file.get_node("/" + path)._v_attrs
        return {name: found[name] for name in found._v_attrnames}

    def attribute(value):
        # A bool is none that it knows, and of a null dataspace it makes a number here, too.
        if isinstance(value, np.bool_):
            return None
        return Any("f8", ()) if value is None else np.array(value, object) if isinstance(value, list) else value

    with tables.open_file(path) as file:
        look((PYTABLES, attribute), table, at, attributes)


# pandas reads the tables that are flat. Frames can be made of all records by way of h5py.

NO_TABLE = TypeError("cannot create a storer if the object is not existing nor a value are passed")
PANDAS = dict.fromkeys(PYTABLES, NO_TABLE) | {
    "records": lambda value, _: table_of(value),
    "growing records": lambda value, _: table_of(value),
}


def table_of(records):
    """What is made of a table."""
    if any(records.dtype[name].subdtype or records.dtype[name].names for name in records.dtype.names):
        # What it is told by PyTables, which has room between the members.
        return ValueError("cannot interpret dtype of [void40]")
    return columns_of(without_bools(records) if records.ndim else records.reshape(1)[:0])


def frame_of(records):
    """What is made of an array of records."""
    if any(records.dtype[name].subdtype for name in records.dtype.names):
        return ValueError("Per-column arrays must each be 1-dimensional")
    return columns_of(records)


def columns_of(records):
    return {name: records[name] for name in records.dtype.names}


def columns(frame):
    return {name: frame[name].to_numpy() for name in frame}


def by_pandas(path, table):
    def frame(path):
        node = file[path]
        if isinstance(node, h5py.Dataset):
            return columns(pd.DataFrame.from_records(node[:]))
        return columns(pd.DataFrame({name: column(child) for name, child in node.items() if hasattr(child, "dtype")}))

    def column(node):
        return node.asstr()[:] if h5py.check_string_dtype(node.dtype) else node[:]

    with pd.HDFStore(path, "r") as store:
        look((PANDAS, None), table, lambda path: columns(pd.read_hdf(store, path)))
    objects = {path: stored for path, _, stored in each(table)}
    with h5py.File(path) as file:
        for path, stored in objects.items():
            if isinstance(stored, Group) and stored.attributes.get("filebacked") == "columns":
                fields = {name: objects.get(f"{path}/{name}") for name in file[path]}
                datasets = {name: field for name, field in fields.items() if is_dataset(field)}
                values = {name: H5PY[field.sort](field.value, name) for name, field in datasets.items()}
                same(attempt(frame, path), values, path)
            elif is_dataset(stored) and stored.sort == "records" and stored.value.ndim:
                same(attempt(frame, path), frame_of(stored.value), path)


# AnnData makes dictionaries of groups, but where it has a name for what they are.

ANNDATA = {
    "numbers": lambda value, _: value,
    "growing numbers": lambda value, _: value,
    "bools": lambda value, _: value,
    "text": lambda value, _: strings(value),
    "long text": lambda value, _: strings(value),
    "codes": lambda value, _: value[0],
    "complexes": lambda value, _: value,
    "records": lambda value, _: enums_as_objects(value),
    "growing records": lambda value, _: value,
    "nothing": h5py.Empty("f8"),
}


def enums_as_objects(records):
    return records.astype(changed(records.dtype, lambda dtype: np.dtype(object) if is_enum(dtype) else dtype))


def element(path, objects):
    """What is made of the object at `path`, by what it is and what is below."""
    stored = objects.get(path)
    if stored is not None and not isinstance(stored, Group):
        of_sort = ANNDATA[stored.sort]
        return of_sort(stored.value, None) if callable(of_sort) else of_sort
    below = [other.removeprefix(path + "/") for other in objects if other.startswith(path + "/")]
    children = {name: element(f"{path}/{name}", objects) for name in {other.split("/")[0] for other in below}}
    word = stored.attributes.get("encoding-type", "") if stored else ""
    if word.startswith("nullable"):
        values, mask = children["values"], children["mask"]
        values = [None if missing else value for value, missing in zip(values.tolist(), mask)]
        return ("BooleanArray" if word == "nullable-boolean" else "IntegerArray", values)
    if word:
        shape = tuple(stored.attributes["shape"].tolist())
        return (word, shape, children["data"], children["indices"], children["indptr"])
    return children


def by_anndata(path, table):
    def plain(found):
        if isinstance(found, dict):
            return {name: plain(value) for name, value in found.items()}
        if isinstance(found, pd.api.extensions.ExtensionArray):
            return (type(found).__name__, [None if value is pd.NA else value for value in found.tolist()])
        if hasattr(found, "indptr"):
            return (type(found).__name__, found.shape, found.data, found.indices, found.indptr)
        return found

    objects = {path: stored for path, _, stored in each(table)}
    with h5py.File(path) as file:
        for row in table:
            same(plain(read_elem(file[row])), element(row, objects), row)


# netCDF has enums, and compounds of numbers; what has others in it is no variable to it, and what has a null dataspace
# cannot be read. Strings of one byte are characters.

NETCDF = {
    "group": ("group",),
    "numbers": lambda value, _: value,
    "growing numbers": lambda value, _: value,
    "bools": lambda value, _: (value.astype("i1"), {"FALSE": 0, "TRUE": 1}),
    "text": lambda value, _: strings(value) if longest(value) > 1 else encoded(value),
    "long text": lambda value, _: strings(value),
    "codes": lambda value, _: value,
    "complexes": lambda value, _: value.view([("r", value.real.dtype), ("i", value.real.dtype)]),
    "records": lambda value, name: value if is_flat(value.dtype) else KeyError(name),
    "growing records": lambda value, _: value,
    "nothing": RuntimeError("NetCDF: HDF error"),
}


def by_netcdf(path, table):
    def node(path):
        *groups, name = path.split("/")
        group = data
        for part in groups:
            group = group.groups[part]
        return group.groups[name] if name in group.groups else group.variables[name]

    def at(path):
        found = node(path)
        if isinstance(found, netCDF4.Group):
            return ("group",)
        values = found[...]
        return (values, dict(found.datatype.enum_dict)) if isinstance(found.datatype, netCDF4.EnumType) else values

    def attributes(path):
        try:
            found = node(path)
        except KeyError:
            return {}
        return {name: found.getncattr(name) for name in found.ncattrs()}

    def attribute(value):
        return np.int8(value) if isinstance(value, np.bool_) else np.array([], "f8") if value is None else value

    with netCDF4.Dataset(path) as data:
        data.set_auto_mask(False)
        look((NETCDF, attribute), table, at, attributes)
        assert set(data.groups) | set(data.variables) == set(table), set(data.groups) ^ set(table)


PROGRAMS = {
    "h5py": by_h5py,
    "pytables": by_pytables,
    "pandas": by_pandas,
    "anndata": by_anndata,
    "netcdf4": by_netcdf,
}

for name, program in PROGRAMS.items():
    for path, table in zip(sys.argv[1:], [TABLE, GROWING], strict=True):
        program(path, table)
    print(name)
