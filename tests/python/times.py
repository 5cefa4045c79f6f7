"""Times between this crate and xarray: `times.py read FILE` checks what the crate wrote, `times.py write FOLDER` writes."""

import sys
from pathlib import Path

import h5py
import numpy as np
import pandas
import xarray

sys.path.insert(0, str(Path(__file__).parent.parent.parent / "python"))
import filebacked_reader


def read(path):
    with xarray.open_dataset(path, engine="h5netcdf", phony_dims="sort") as data:
        expected = pandas.date_range("2023-11-14T22:13:20", periods=4, freq="250ms")
        assert data.time.dtype == np.dtype("datetime64[ns]"), data.time
        assert (data.time.values == expected.values).all(), data.time
        assert data.begun.values == np.datetime64("2023-11-14T22:13:20", "ns"), data.begun
        assert data.begun.dtype == np.dtype("datetime64[ns]"), data.begun
        assert np.isnat(data.gaps.values).tolist() == [True, False], data.gaps
        assert data.gaps.values[1] == np.datetime64(7, "ns"), data.gaps
        assert (data.temperature.values == [0.5, 1.5, 2.5, 3.5]).all()
        frame = data[["time", "temperature"]].to_dataframe()
        assert frame.time.dt.year.tolist() == [2023] * 4, frame
    with xarray.open_dataset(path, group="events", engine="h5netcdf", phony_dims="sort") as events:
        assert events.time.dtype == np.dtype("datetime64[ns]"), events.time
        assert events.time.values.tolist() == [1_700_000_000_000_000_000, 1_700_000_001_000_000_000]
    with xarray.open_dataset(path, group="levels", engine="h5netcdf", phony_dims="sort") as levels:
        assert levels.time.dtype == np.dtype("datetime64[ns]"), levels.time
        assert levels.level.values.tolist() == [1, 2, 3]
    frame = filebacked_reader.read_table(path, "levels")
    assert frame.time[2] == pandas.Timestamp("1970-01-01T00:00:00.000000003"), frame
    assert frame.end[1] == pandas.Timestamp(7) and pandas.isna(frame.end[0]), frame
    assert filebacked_reader.read(path, "levels")[1] == {"time": 2, "end": 7, "level": 2}
    with h5py.File(path) as file:
        units = file["time"].attrs["units"]
        assert isinstance(units, str) and units == "nanoseconds since 1970-01-01", units
        assert (pandas.to_datetime(file["time"][()]) == expected).all()
    print("read")


def write(folder):
    times = pandas.to_datetime(["2023-11-14T22:13:20", "1969-12-31T23:59:59", "2024-02-29T12:00:00"])
    whole = times.floor("D")
    data = lambda values: xarray.Dataset({"time": ("n", values)})
    for name, values, encoding in [
        ("default", times, {}),
        ("nanoseconds", times + pandas.Timedelta(7, "ns"), {"units": "nanoseconds since 1970-01-01", "dtype": "int64"}),
        ("milliseconds", times, {"units": "milliseconds since 2000-01-01 00:00:00", "dtype": "int64"}),
        ("seconds", times, {"units": "seconds since 1970-01-01", "calendar": "standard"}),
        ("hours", times.floor("h"), {"units": "hours since 1900-01-01", "dtype": "int32"}),
        ("days", whole, {"units": "days since 2000-01-01"}),
        ("float", times.floor("6h"), {"units": "days since 2000-01-01", "dtype": "float64"}),
        ("gaps", times.insert(1, pandas.NaT), {"units": "nanoseconds since 1970-01-01"}),
    ]:
        data(values).to_netcdf(Path(folder) / f"{name}.nc", engine="h5netcdf", encoding={"time": encoding})
        with h5py.File(Path(folder) / f"{name}.nc") as file:
            assert "units" in file["time"].attrs
        stamps = ["null" if value is pandas.NaT else str(value.value) for value in values]
        print(name, "[" + ",".join(stamps) + "]", sep="\t")
    # numpy's own times, as h5py has them.
    for name, scale in [("s", 10**9), ("ms", 10**6), ("ns", 1), ("D", 86_400 * 10**9)]:
        values = np.array([-1, 0, 7]).astype(f"M8[{name}]")
        with h5py.File(Path(folder) / f"numpy-{name}.nc", "w") as file:
            file["time"] = values.astype(h5py.opaque_dtype(values.dtype))
        print(f"numpy-{name}", [-scale, 0, 7 * scale], sep="\t")
    # In a compound, and what is no time.
    records = np.array([(1, "1970-01-01T00:00:02")], [("id", "u1"), ("time", h5py.opaque_dtype(np.dtype("M8[s]")))])
    with h5py.File(Path(folder) / "others.h5", "w") as file:
        file["records"] = records
        file["span/time"] = np.array(7, "m8[s]").astype(h5py.opaque_dtype(np.dtype("m8[s]")))


{"read": read, "write": write}[sys.argv[1]](sys.argv[2])
