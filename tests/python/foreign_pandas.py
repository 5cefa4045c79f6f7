"""Makes files as pandas and PyTables write them.

Usage: foreign_pandas.py FOLDER
"""

import sys
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import tables

warnings.filterwarnings("ignore")
folder = Path(sys.argv[1])

frame = pd.DataFrame(
    {
        "x": [1.5, 2.5, np.nan],
        "y": [0.5, -1.0, 3.0],
        "n": np.array([1, 2, 3], "i4"),
        "ok": [True, False, True],
        "when": pd.to_datetime(["1970-01-01", "1970-01-02", None]),
    },
    index=["a", "b", "c"],
)
texts = pd.DataFrame({"label": ["one", "schön", ""], "n": [1, 2, 3]})
# The index of a column takes 131072 numbers, whatever is in it, so few columns have one.
with pd.HDFStore(folder / "pandas.h5", "w") as store:
    store.put("fixed", frame, format="fixed")
    store.put("texts", texts, format="fixed")
    store.put("series", frame["y"], format="fixed")
    store.put("table", frame.drop(columns="when"), format="table", data_columns=True, index=False)
    store.put("blocks", texts, format="table")
    compression = {"complib": "zlib", "complevel": 5}
    store.put("compressed", texts, format="table", data_columns=True, index=False, **compression)
    store.put("column", frame["y"], format="table", index=False)

with pd.HDFStore(folder / "empty.h5", "w") as store:
    store["series"] = pd.Series([], dtype="f8")
    store["frame"] = pd.DataFrame({"a": np.array([], "f8"), "n": np.array([], "i8")})
    store["one"] = pd.Series([0.0])
with pd.HDFStore(folder / "columns.h5", "w") as store:
    store["numbered"] = pd.DataFrame(np.arange(6.0).reshape(2, 3))
    store["levels"] = pd.DataFrame([[1.0, 2.0]], columns=pd.MultiIndex.from_tuples([("a", "x"), ("a", "y")]))
    store["deep"] = pd.DataFrame([[1.0, 2]], columns=pd.MultiIndex.from_tuples([("a", 1, "x"), ("b", 2, "x")]))
    store["bools"] = pd.DataFrame([[1, 2], [3, 4]], columns=[True, False])
with pd.HDFStore(folder / "rows.h5", "w") as store:
    index = pd.MultiIndex.from_tuples([("a", 3), ("b", 1), ("a", 1)], names=["letter", None])
    store["levels"] = pd.DataFrame({"x": [0.5, 1.5, 2.5], "n": [1, 2, 3]}, index=index)
categories = pd.DataFrame(
    {
        "c": pd.Categorical(["a", "schön", None, "a"]),
        "n": [1, 2, 3, 4],
        "k": pd.Categorical([20, 10, 20, 20]),
        "x": [0.5, 1.5, 2.5, 3.5],
    }
)
categories.to_hdf(folder / "categories.h5", key="t", format="table", data_columns=True, index=False)
categories.to_hdf(folder / "categories.h5", key="deep/t", format="table", data_columns=["c"], index=False)
with tables.open_file(folder / "categories.h5", "a") as file:
    for table in list(file.walk_nodes("/", "Table")):
        for name, is_indexed in table.colindexed.items():
            if is_indexed and (table._v_pathname, name) != ("/deep/t/meta/c/meta/table", "values"):
                table.cols._f_col(name).remove_index()


class Particle(tables.IsDescription):
    name = tables.StringCol(8)
    charge = tables.EnumCol(["neg", "neutral", "pos"], "neutral", base="uint8")

    class state(tables.IsDescription):
        position = tables.Float64Col(shape=3)
        alive = tables.BoolCol()

        class frame(tables.IsDescription):
            number = tables.UInt16Col()


class Clock(tables.IsDescription):
    n = tables.Int32Col()
    time = tables.Time64Col()


with tables.open_file(folder / "clocks.h5", "w") as file:
    file.create_table("/", "clocks", Clock).append([(5, 1.5)])

with tables.open_file(folder / "tables.h5", "w", title="") as file:
    table = file.create_table("/", "particles", Particle, "some particles")
    for number, name in enumerate(["p", "e"]):
        row = table.row
        row["name"] = name
        row["charge"] = table.get_enum("charge")["pos" if name == "p" else "neg"]
        row["state/position"] = [number, 0.5, -1]
        row["state/alive"] = number == 0
        row["state/frame/number"] = 7 + number
        row.append()
    table.flush()
    array = file.create_array("/", "flags", np.array([True, False]))
    array.attrs.pickled = {"a": [1, 2]}
    file.create_array("/", "complex", np.array([1 + 2j]))
    ragged = file.create_vlarray("/", "ragged", tables.Int16Atom())
    ragged.append([1, 2])
    ragged.append([])
    texts = file.create_vlarray("/", "texts", tables.VLUnicodeAtom())
    texts.append("schön")
    file.create_earray("/", "grown", tables.Float32Atom(), (0, 2)).append(np.ones((2, 2), "f4"))
