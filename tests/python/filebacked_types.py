"""All types that the Python package FileBacked supports, written and read by the package, which knows nothing of the crate.

Usage: filebacked_types.py write FILE MARK, or filebacked_types.py read FILE MARK. The file MARK is made by a pickle in the
file when it is loaded.
"""

import sys
import warnings
from pathlib import Path
from typing import Dict, List, Optional, Tuple, Union

import h5py
import numpy as np
from scipy import sparse

with warnings.catch_warnings():
    # It asks for `np.float`.
    warnings.simplefilter("ignore")
    from filebacked import FileBacked, FileBackedBase, FileBackedDict

COMMAND, FILE, MARK = sys.argv[1:]


class Shape(FileBacked):
    name: str


class Circle(Shape):
    radius: float


class Polygon(Shape):
    corners: np.ndarray
    holes: List[np.ndarray]


class Nothing(FileBacked):
    pass


class Names(FileBackedDict[int, str]):
    pass


class Shapes(FileBackedDict[str, Shape]):
    pass


class Pairs(FileBackedDict[Tuple[int, ...], float]):
    pass


class Trap:
    """Unpickling it leaves a mark."""

    def __reduce__(self):
        return Path.touch, (Path(MARK),)


class Everything(FileBacked):
    integer: int
    beyond: int
    flag: int
    number: float
    nan: float
    f16: np.float16
    f32: np.float32
    f64: np.float64
    f128: np.longdouble
    i8: np.int8
    i16: np.int16
    i32: np.int32
    i64: np.int64
    text: str
    empty: str
    green: str
    nul: str
    doubles: np.ndarray
    integers: np.ndarray
    unsigned: np.ndarray
    bools: np.ndarray
    complex: np.ndarray
    rows: np.ndarray
    no_rows: np.ndarray
    csr: sparse.spmatrix
    csc: sparse.spmatrix
    coo: sparse.spmatrix
    ints: List[int]
    floats: Tuple[float, ...]
    halves: List[np.float16]
    pair: Tuple[int, ...]
    no_floats: List[float]
    strings: List[str]
    two: Tuple[str, ...]
    no_strings: Tuple[str, ...]
    lists: List[List[float]]
    words: Tuple[Tuple[str, ...], ...]
    arrays: List[np.ndarray]
    matrices: Tuple[sparse.spmatrix, ...]
    by_name: Dict[str, float]
    by_number: Dict[int, List[str]]
    by_words: Dict[Tuple[str, ...], int]
    by_numbers: Dict[Tuple[int, ...], Dict[str, str]]
    by_float: Dict[float, str]
    by_union: Dict[Union[int, str], float]
    by_int32: Dict[np.int32, str]
    by_nothing: Dict[str, int]
    some: Optional[str]
    none: Optional[float]
    some_array: Optional[np.ndarray]
    some_shape: Optional[Shape]
    union_int: Union[int, str, np.ndarray]
    union_str: Union[int, str, np.ndarray]
    union_array: Union[int, str, np.ndarray]
    union_shape: Union[str, Polygon, Circle]
    unions: List[Union[int, str, np.ndarray]]
    shape: Shape
    shapes: List[Shape]
    circles: Dict[str, Circle]
    nothing: Nothing
    names: Names
    shape_names: Shapes
    pairs: Pairs
    anything: object
    things: List[object]
    trap: object


def circle(name, radius):
    circle = Circle()
    circle.name, circle.radius = name, radius
    return circle


def polygon(name):
    polygon = Polygon()
    polygon.name = name
    polygon.corners = np.array([[0.0, 0.0], [1.0, 0.0], [0.5, 1.0]])
    polygon.holes = [np.array([0.25, 0.25]), np.array([0.5])]
    return polygon


def matrix():
    return sparse.coo_matrix(([1.5, -2.0, 0.25], ([0, 1, 3], [2, 0, 1])), shape=(4, 3))


def everything():
    all = Everything()
    all.integer, all.beyond, all.flag, all.number, all.nan = -42, 2**63 + 5, True, 0.1, float("nan")
    all.f16, all.f32, all.f64 = np.float16(0.5), np.float32(0.1), np.float64(1e300)
    all.f128 = np.longdouble(0.1)
    all.i8, all.i16, all.i32, all.i64 = np.int8(-8), np.int16(-16), np.int32(-32), np.int64(-64)
    all.text, all.empty, all.green, all.nul = "plate with a hole", "", "grün 🐧", "a\0b"
    all.doubles = np.arange(6, dtype=float).reshape(2, 3)
    all.integers = np.arange(8, dtype=np.int16).reshape(2, 2, 2)
    all.unsigned = np.array([0, 2**64 - 1], dtype=np.uint64)
    all.bools = np.array([[True, False]])
    all.complex = np.array([1 + 2j, -0.5j])
    all.rows = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    all.no_rows = np.zeros((0, 3))
    all.csr, all.csc, all.coo = matrix().tocsr(), matrix().tocsc(), matrix()
    all.ints, all.floats, all.halves = [1, -2, 3], (0.5, 1.5), [np.float16(0.5), np.float16(-2)]
    all.pair, all.no_floats = (3, 4), []
    all.strings, all.two, all.no_strings = ["one", "", "zwölf"] + ["more"] * 9, ("left", "right"), ()
    all.lists, all.words = [[0.5, 1.5], [], [2.5]], (("a", "b"), (), ("c",))
    all.arrays = [np.eye(2), np.zeros((1, 3))]
    all.matrices = (matrix().tocsc(), matrix().tocsr())
    all.by_name = {"tol": 1e-8, "100%": 50.0, "grün": 0.5}
    all.by_number = {2: ["two"], 10: [], -1: ["minus", "one"]}
    all.by_words = {("a", "b"): 1, ("c",): 2, (): 3}
    all.by_numbers = {(0, 1): {"key": "k", "value": "v"}, (1, 0): {}}
    all.by_float = {0.5: "half", -1e300: "small"}
    all.by_union = {7: 0.5, "seven": 1.5}
    all.by_int32 = {np.int32(5): "five", np.int32(-3): "minus three"}
    all.by_nothing = {}
    all.some, all.none, all.some_array, all.some_shape = "there", None, np.array([1, 2, 3]), circle("c", 0.5)
    all.union_int, all.union_str, all.union_array = 7, "seven", np.array([7.0])
    all.union_shape = circle("in a union", 2.0)
    all.unions = [1, "two", np.array([3.0]), 4]
    all.shape = polygon("triangle")
    all.shapes = [circle("first", 1.0), polygon("second"), circle("third", 3.0)]
    all.circles = {"unit": circle("unit", 1.0)}
    all.nothing = Nothing()
    all.names = Names({2: "two", 10: "ten", -1: "minus one"})
    all.shape_names = Shapes({"round": circle("r", 0.25), "edged": polygon("e")})
    all.pairs = Pairs({(0, 1): 0.5, (2,): 1.5})
    all.anything, all.things, all.trap = {1: {2, 3}, "four": None}, [None, 5, "six"], Trap()
    return all


def check(found, expected, path):
    if isinstance(expected, FileBackedBase):
        assert type(found) is type(expected), (path, type(found))
    if isinstance(expected, FileBacked):
        for name in expected.__filebacked_attribs__:
            check(getattr(found, name), getattr(expected, name), f"{path}.{name}")
    elif isinstance(expected, (dict, FileBackedDict)):
        assert set(found) == set(expected), (path, set(found))
        for key in expected:
            check(found[key], expected[key], f"{path}[{key!r}]")
    elif isinstance(expected, (list, tuple)):
        assert type(found) is type(expected) and len(found) == len(expected), (path, found)
        for index, element in enumerate(expected):
            check(found[index], element, f"{path}[{index}]")
    elif isinstance(expected, np.ndarray):
        assert found.dtype == expected.dtype and found.shape == expected.shape, (path, found)
        np.testing.assert_array_equal(found, expected, path)
    elif sparse.issparse(expected):
        assert found.getformat() == expected.getformat(), (path, found.getformat())
        check(found.toarray(), expected.toarray(), path)
    elif expected != expected:
        assert found != found, (path, found)
    elif isinstance(expected, Trap):
        # What the pickle gives is what touching a file does.
        assert found is None and Path(MARK).exists(), (path, found)
    else:
        numbers = (int, float, np.number, np.bool_)
        assert type(found) is type(expected) or isinstance(found, numbers), (path, type(found))
        assert found == expected, (path, found)


def write():
    with h5py.File(FILE, "w") as file:
        everything().write(file)


def read():
    with h5py.File(FILE) as file:
        check(Everything.read(file), everything(), "eager")
        lazy = Everything.read(file, lazy=True)
        assert not lazy.__filebacked_data__, lazy.__filebacked_data__
        check(lazy, everything(), "lazy")


{"write": write, "read": read}[COMMAND]()
