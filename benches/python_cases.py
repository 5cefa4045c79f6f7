"""The cases of `peers.py`: the same names, shapes and distributions as those of `cargo bench`."""

import io
import itertools
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional

import filebacked
import h5py
import hickle
import numpy as np
from filebacked import FileBacked

MILLION = 1_000_000
# How often a case of a small struct does its work in one run.
CALLS = 100


@dataclass
class Side:
    """One way to do a case's work. `make` gets how many elements, and gives the value in the form the side takes."""

    make: Callable[[int], Any]
    write: Callable[[Path, Any], None]
    read: Callable[[Path], Any]
    # Fewer elements than the case has, for what would take hours.
    length: Optional[int] = None
    # Whether the value is written and read `CALLS` times in one run.
    many: bool = False


@dataclass
class Case:
    name: str
    length: int
    sides: Dict[str, Side]
    # How many times as fast as a side filebacked must be; by direction, where that differs.
    targets: Dict[str, Any] = field(default_factory=dict)

    def target(self, side: str, direction: str) -> Optional[float]:
        target = self.targets.get(side)
        return target[direction] if isinstance(target, dict) else target


# What all sides of a package share.


def through_h5py(make: Callable, fill: Callable, take: Callable) -> Side:
    """A side that fills a new file, and takes the value from it."""

    def write(path: Path, value: Any) -> None:
        with h5py.File(path, "w") as file:
            fill(file, value)

    def read(path: Path) -> Any:
        with h5py.File(path, "r") as file:
            return take(file)

    return Side(make, write, read)


def through_filebacked(make: Callable, tp: Any, length: Optional[int] = None) -> Side:
    """A side that writes a value by its annotation, as FileBacked does with the fields of its classes."""
    side = through_h5py(
        make,
        lambda file, value: filebacked.write(file, "value", value, tp),
        lambda file: filebacked.read(file["value"], tp),
    )
    side.length = length
    return side


def through_hickle(make: Callable, length: Optional[int] = None) -> Side:
    def write(path: Path, value: Any) -> None:
        hickle.dump(value, str(path), mode="w")

    return Side(make, write, lambda path: hickle.load(str(path)), length)


def same(one: Any, other: Any) -> bool:
    """Whether two values are equal, whichever containers of numpy's and FileBacked's are in them."""
    if isinstance(one, np.ndarray):
        return one.dtype == other.dtype and np.array_equal(one, other)
    if isinstance(one, FileBacked):
        fields = one.__filebacked_attribs__
        return type(one) is type(other) and all(same(getattr(one, name), getattr(other, name)) for name in fields)
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(value, other[key]) for key, value in one.items())
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(map(same, one, other))
    return one == other


def random() -> np.random.Generator:
    return np.random.default_rng(1)


# Arrays.


def array_case(name: str, shape: tuple, make: Callable[[], np.ndarray]) -> Case:
    def of(_: int) -> np.ndarray:
        return make()

    sides = {
        "h5py": through_h5py(of, lambda file, value: file.create_dataset("value", data=value), lambda f: f["value"][:]),
        "FileBacked": through_filebacked(of, np.ndarray),
        "hickle": through_hickle(of),
    }
    return Case(name, shape[0], sides)


def measured(length: int) -> np.ndarray:
    """Numbers as a sensor gives them: a slow wave with noise, in steps of 0.01."""
    wave = 20 + 5 * np.sin(np.arange(length) * 1e-4)
    return np.round((wave + random().random(length) - 0.5) * 100) / 100


def write_compressed(file: h5py.File, value: np.ndarray) -> None:
    file.create_dataset("value", data=value, compression="gzip", compression_opts=4, shuffle=True)


# Records of numbers.

SAMPLE = np.dtype([("id", "<u8"), ("at", "<f8", (3,)), ("weight", "<f4"), ("code", "<i2"), ("valid", "?")])


class Sample(FileBacked):
    id: int
    at: np.ndarray
    weight: np.float32
    code: np.int16
    valid: int  # FileBacked has no bools.


def samples(length: int) -> np.ndarray:
    rng = random()
    value = np.empty(length, SAMPLE)
    value["id"] = np.arange(length)
    value["at"] = rng.random((length, 3))
    value["weight"] = rng.random(length, np.float32)
    value["code"] = rng.integers(-(2**15), 2**15, length)
    value["valid"] = rng.random(length) > 0.1
    return value


def sample_dicts(length: int) -> List[dict]:
    names = SAMPLE.names
    return [{name: row[name] if name == "at" else row[name].item() for name in names} for row in samples(length)]


def sample_objects(length: int) -> List[Sample]:
    return [instance(Sample, {**row, "valid": int(row["valid"])}) for row in sample_dicts(length)]


def instance(cls: type, values: dict) -> Any:
    made = cls()
    for name, value in values.items():
        setattr(made, name, value)
    return made


# Records with strings. For h5py they are columns, as in the file.


class Station(FileBacked):
    id: int
    name: str
    x: float
    y: float
    z: float
    flag: int
    opt: Optional[float]


def stations(length: int) -> dict:
    rng = random()
    return {
        "id": np.arange(length, dtype=np.uint64),
        "name": [f"station {number}" for number in rng.integers(0, 100_000, length).tolist()],
        "x": rng.random(length),
        "y": rng.random(length),
        "z": rng.random(length),
        "flag": rng.random(length) < 0.5,
        "opt": rng.random(length),
        "opt_missing": rng.random(length) < 0.25,
    }


def station_dicts(length: int) -> List[dict]:
    columns = {name: column if name == "name" else column.tolist() for name, column in stations(length).items()}
    missing = columns.pop("opt_missing")
    columns["opt"] = [None if gone else value for value, gone in zip(columns["opt"], missing)]
    return [dict(zip(columns, row)) for row in zip(*columns.values())]


def station_objects(length: int) -> List[Station]:
    return [instance(Station, {**row, "flag": int(row["flag"])}) for row in station_dicts(length)]


def write_stations(group: h5py.Group, value: dict) -> None:
    for name in ["id", "x", "y", "z", "flag"]:
        group.create_dataset(name, data=value[name])
    group.create_dataset("name", data=value["name"], dtype=h5py.string_dtype())
    opt = group.create_group("opt")
    opt.create_dataset("values", data=value["opt"])
    opt.create_dataset("mask", data=value["opt_missing"])


def read_stations(group: h5py.Group) -> dict:
    value = {name: group[name][:] for name in ["id", "x", "y", "z", "flag"]}
    value["name"] = group["name"].asstr()[:].tolist()
    value["opt"] = group["opt/values"][:]
    value["opt_missing"] = group["opt/mask"][:]
    return value


# Strings.


def alike(length: int) -> List[str]:
    return [f"name {number * 7919 % MILLION:06}" for number in range(length)]


def of_all_lengths(length: int) -> List[str]:
    rng = random()
    lengths = np.where(rng.random(length) < 0.02, 500, rng.integers(0, 12, length))
    letters = "abcdefghij" * 50
    return [letters[:count] for count in lengths.tolist()]


def strings_case(name: str, make: Callable[[int], List[str]], target: float) -> Case:
    sides = {
        "h5py": through_h5py(
            make,
            lambda file, value: file.create_dataset("value", data=value, dtype=h5py.string_dtype()),
            lambda file: file["value"].asstr()[:].tolist(),
        ),
        "FileBacked": through_filebacked(make, List[str], 2000),
        "hickle": through_hickle(make, 300),
    }
    return Case(name, MILLION, sides, {"h5py": target})


# Lists of differing length: offsets into the values.


def ragged(length: int) -> List[np.ndarray]:
    rng = random()
    return [rng.random(count) for count in rng.integers(0, 30, length)]


def write_ragged(group: h5py.Group, value: List[np.ndarray]) -> None:
    group.create_dataset("offsets", data=offsets(value))
    group.create_dataset("values", data=np.concatenate(value))


def read_ragged(group: h5py.Group) -> List[np.ndarray]:
    return np.split(group["values"][:], group["offsets"][1:-1])


def offsets(lists: List[Any]) -> np.ndarray:
    return np.cumsum([0, *map(len, lists)], dtype=np.uint64)


# Records with lists and enums. In Python an event is a tuple of its variant and its payload.

VARIANTS = ["Idle", "Moved", "Tagged", "Measured"]
TAG = h5py.enum_dtype({name: code for code, name in enumerate(VARIANTS)}, basetype="u1")
MOVED = np.dtype([("dx", "<f8"), ("dy", "<f8")])


class Event(FileBacked):
    pass


class Idle(Event):
    pass


class Moved(Event):
    dx: float
    dy: float


class Tagged(Event):
    text: str


class Measured(Event):
    values: np.ndarray


class Track(FileBacked):
    id: int
    points: np.ndarray
    events: List[Event]
    last: Event


def event(rng: np.random.Generator) -> tuple:
    variant = VARIANTS[rng.integers(4)]
    if variant == "Moved":
        return variant, *rng.random(2).tolist()
    if variant == "Tagged":
        return variant, f"tag {rng.integers(1000)}"
    if variant == "Measured":
        return variant, rng.random(rng.integers(5), np.float32)
    return (variant,)


def tracks(length: int) -> List[dict]:
    rng = random()
    return [
        {
            "id": id,
            "points": rng.random((rng.integers(6), 2)),
            "events": [event(rng) for _ in range(rng.integers(4))],
            "last": event(rng),
        }
        for id in range(length)
    ]


def track_objects(length: int) -> List[Track]:
    def made(event: tuple) -> Event:
        cls = {"Idle": Idle, "Moved": Moved, "Tagged": Tagged, "Measured": Measured}[event[0]]
        return instance(cls, dict(zip(cls.__annotations__ if cls is not Idle else (), event[1:])))

    return [
        instance(Track, {**track, "events": list(map(made, track["events"])), "last": made(track["last"])})
        for track in tracks(length)
    ]


def write_tracks(group: h5py.Group, value: List[dict]) -> None:
    group.create_dataset("id", data=np.array([track["id"] for track in value], np.uint32))
    write_ragged(group.create_group("points"), [track["points"] for track in value])
    lists = [track["events"] for track in value]
    events = group.create_group("events")
    events.create_dataset("offsets", data=offsets(lists))
    write_events(events.create_group("values"), list(itertools.chain.from_iterable(lists)))
    write_events(group.create_group("last"), [track["last"] for track in value])


def write_events(group: h5py.Group, events: List[tuple]) -> None:
    of = {variant: [event[1:] for event in events if event[0] == variant] for variant in VARIANTS}
    group.create_dataset("tag", data=np.array([VARIANTS.index(event[0]) for event in events], np.uint8), dtype=TAG)
    group.create_dataset("Moved", data=np.array(of["Moved"], MOVED))
    group.create_dataset("Tagged", data=[text for text, in of["Tagged"]], dtype=h5py.string_dtype())
    write_ragged(group.create_group("Measured"), [values for values, in of["Measured"]])


def read_tracks(group: h5py.Group) -> List[dict]:
    events = read_events(group["events/values"])
    bounds = group["events/offsets"][:].tolist()
    columns = zip(group["id"][:].tolist(), read_ragged(group["points"]), bounds, bounds[1:], read_events(group["last"]))
    return [
        {"id": id, "points": points, "events": events[start:end], "last": last}
        for id, points, start, end, last in columns
    ]


def read_events(group: h5py.Group) -> List[tuple]:
    payloads = {
        "Idle": itertools.repeat(()),
        "Moved": iter(group["Moved"][:].tolist()),
        "Tagged": ((text,) for text in group["Tagged"].asstr()[:].tolist()),
        "Measured": ((values,) for values in read_ragged(group["Measured"])),
    }
    names = [VARIANTS[code] for code in group["tag"][:].tolist()]
    return [(name, *next(payloads[name])) for name in names]


# Objects by the thousand: a map of numbers, a tree of structs.


def numbers(length: int) -> Dict[str, float]:
    return {f"key {index:05}": value for index, value in enumerate(random().random(length).tolist())}


def write_scalars(group: h5py.Group, value: dict) -> None:
    for name, content in value.items():
        group[name] = content


def read_scalars(group: h5py.Group) -> dict:
    return {name: content[()] for name, content in group.items()}


class Body(FileBacked):
    mass: float
    charge: int
    x: float
    y: float
    z: float


def bodies(length: int, made: Callable[[dict], Any] = dict) -> Dict[str, Dict[str, Any]]:
    def body(charge: int) -> Any:
        return made({"mass": 1.5, "charge": charge, "x": 0.5, "y": 1.5, "z": float(charge)})

    return {
        f"group {group}": {f"body {index}": body(50 * group + index) for index in range(50)}
        for group in range(length // 50)
    }


def body_objects(length: int) -> Dict[str, Dict[str, Body]]:
    return bodies(length, lambda values: instance(Body, values))


def write_bodies(file: h5py.File, value: dict) -> None:
    for group_name, group_value in value.items():
        group = file.create_group(group_name)
        for name, body in group_value.items():
            write_scalars(group.create_group(name), body)


def read_bodies(file: h5py.File) -> dict:
    return {
        group_name: {name: read_scalars(body) for name, body in group.items()} for group_name, group in file.items()
    }


# What a call costs by itself: a small struct, a hundred times.


class Settings(FileBacked):
    a: float
    b: float
    c: float
    d: float
    e: int
    f: int
    g: int
    h: int
    title: str
    method: str


SETTINGS = {"a": 0.1, "b": 0.2, "c": 0.3, "d": 0.4, "e": 5, "f": 6, "g": -7, "h": -8}
TEXTS = {"title": "plate with a hole", "method": "newton"}


def settings(_: int) -> dict:
    return {**SETTINGS, **TEXTS}


def settings_object(_: int) -> Settings:
    return instance(Settings, settings(0))


def read_settings(file: h5py.File) -> dict:
    return {name: content.asstr()[()] if name in TEXTS else content[()] for name, content in file.items()}


def many_files(make: Callable, write: Callable[[Any, Any], None], read: Callable[[Any], Any]) -> Side:
    """A side that does a small thing a hundred times, each with a file of its own."""

    def write_all(path: Path, value: Any) -> None:
        for call in range(CALLS):
            write(path.with_suffix(f".{call}"), value)

    def read_all(path: Path) -> Any:
        return [read(path.with_suffix(f".{call}")) for call in range(CALLS)]

    return Side(make, write_all, read_all, many=True)


def many_images(make: Callable, write: Callable[[Any, Any], None], read: Callable[[Any], Any]) -> Side:
    """The same in memory: what is written is bytes."""
    images: List[bytes] = []

    def write_all(_: Path, value: Any) -> None:
        images.clear()
        for _ in range(CALLS):
            image = io.BytesIO()
            write(image, value)
            images.append(image.getvalue())

    def read_all(_: Path) -> Any:
        return [read(io.BytesIO(image)) for image in images]

    return Side(make, write_all, read_all, many=True)


def settings_case(name: str, many: Callable[..., Side]) -> Case:
    def opened(mode: str, work: Callable) -> Callable:
        def run(place: Any, *value: Any) -> Any:
            with h5py.File(place, mode) as file:
                return work(file, *value)

        return run

    def named(place: Any) -> Any:
        return str(place) if isinstance(place, Path) else place

    sides = {
        "h5py": many(settings, opened("w", write_scalars), opened("r", read_settings)),
        "FileBacked": many(
            settings_object, opened("w", lambda file, value: value.write(file)), opened("r", Settings.read)
        ),
        "hickle": many(
            settings,
            lambda place, value: hickle.dump(value, named(place), mode="w"),
            lambda place: hickle.load(named(place)),
        ),
    }
    return Case(name, CALLS, sides)


CASES = [
    array_case("Vec<f64>, 10 million", (10 * MILLION,), lambda: random().random(10 * MILLION)),
    array_case(
        "Vec<i32>, 10 million",
        (10 * MILLION,),
        lambda: random().integers(-(2**31), 2**31, 10 * MILLION, dtype=np.int32),
    ),
    array_case("Vec<[f64; 3]>, 3 million", (3 * MILLION, 3), lambda: random().random((3 * MILLION, 3))),
    array_case("Vec<Vec<f32>>, 3000 x 1000", (3000, 1000), lambda: random().random((3000, 1000), np.float32)),
    Case(
        "compressed Vec<f64>, 10 million",
        10 * MILLION,
        {"h5py": through_h5py(measured, write_compressed, lambda file: file["value"][:])},
        {"h5py": {"write": 3.5, "read": 3}},
    ),
    Case(
        "records of numbers, 1 million",
        MILLION,
        {
            "h5py": through_h5py(
                samples, lambda file, value: file.create_dataset("value", data=value), lambda file: file["value"][:]
            ),
            "FileBacked": through_filebacked(sample_objects, List[Sample], 500),
            "hickle": through_hickle(sample_dicts, 100),
        },
    ),
    Case(
        "records with strings, 1 million",
        MILLION,
        {
            "h5py": through_h5py(stations, write_stations, read_stations),
            "FileBacked": through_filebacked(station_objects, List[Station], 500),
            "hickle": through_hickle(station_dicts, 100),
        },
        {"FileBacked": 100},
    ),
    strings_case("strings alike, 1 million", alike, 10),
    strings_case("strings of very different length, 1 million", of_all_lengths, 2),
    Case(
        "ragged lists, 100,000",
        100_000,
        {
            "h5py": through_h5py(ragged, write_ragged, read_ragged),
            "FileBacked": through_filebacked(ragged, List[np.ndarray], 2000),
            "hickle": through_hickle(ragged, 300),
        },
    ),
    Case(
        "records with lists and enums, 100,000",
        100_000,
        {
            "h5py": through_h5py(tracks, write_tracks, read_tracks),
            "FileBacked": through_filebacked(track_objects, List[Track], 200),
            "hickle": through_hickle(tracks, 50),
        },
    ),
    Case(
        "map of 10,000 numbers",
        10_000,
        {
            "h5py": through_h5py(numbers, write_scalars, read_scalars),
            "FileBacked": through_filebacked(numbers, Dict[str, float], 2000),
            "hickle": through_hickle(numbers, 300),
        },
    ),
    Case(
        "tree of 2,000 structs",
        2_000,
        {
            "h5py": through_h5py(bodies, write_bodies, read_bodies),
            "FileBacked": through_filebacked(body_objects, Dict[str, Dict[str, Body]], 250),
            "hickle": through_hickle(bodies, 50),
        },
    ),
    settings_case("small struct to a file, 100 times", many_files),
    settings_case("small struct to memory, 100 times", many_images),
]
