"""Draws speed.svg from what the benches measured: `python3 benches/plot.py RESULTS.tsv...`."""

from environment import ROOT, enter

enter()

import argparse  # noqa: E402
import csv  # noqa: E402
from pathlib import Path  # noqa: E402
from typing import Dict, List, Tuple  # noqa: E402

import matplotlib  # noqa: E402

matplotlib.use("Agg")

import matplotlib.pyplot as plt  # noqa: E402
from matplotlib.axes import Axes  # noqa: E402
from matplotlib.ticker import FuncFormatter  # noqa: E402

# The order of the legend. Limits are grey, Rust's formats filled, Python's packages open.
STYLES = {
    "std::fs": dict(color="#999999", marker="|", markersize=9, markeredgewidth=2),
    "raw libhdf5": dict(color="#555555", marker="D"),
    "bincode": dict(color="#0072b2", marker="o"),
    "postcard": dict(color="#56b4e9", marker="s"),
    "rmp-serde": dict(color="#009e73", marker="^"),
    "serde_json": dict(color="#e69f00", marker="v"),
    "hdf5-pure": dict(color="#cc79a7", marker="P"),
    "h5py": dict(color="#d55e00", marker="o", fillstyle="none", markeredgewidth=1.6),
    "FileBacked": dict(color="#7b3294", marker="s", fillstyle="none", markeredgewidth=1.6),
    "hickle": dict(color="#a6611a", marker="^", fillstyle="none", markeredgewidth=1.6),
}
LINES = {"write": "-", "read": "--"}

Rows = List[Dict[str, str]]


def ratios(axes: Axes, rows: Rows) -> None:
    """A line a case and direction: each side's time over filebacked's in the same run."""
    places = list(dict.fromkeys((row["case"], row["direction"]) for row in rows))
    # Room between cases: the two directions of a case are closer to each other than to the next case.
    height = {place: index + 0.5 * (index // 2) for index, place in enumerate(places)}
    own: Dict[Tuple[str, str, str], float] = {}
    for row in rows:
        if row["side"] == "filebacked":
            own[row["file"], row["case"], row["direction"]] = float(row["seconds"])
    for side, style in STYLES.items():
        points = [
            (
                float(row["seconds"]) / own[row["file"], row["case"], row["direction"]],
                height[row["case"], row["direction"]],
            )
            for row in rows
            if row["side"] == side
        ]
        if points:
            axes.plot(*zip(*points), linestyle="none", label=side, **{"markersize": 6, **style})
    axes.axvline(1, color="black", linewidth=1.2, zorder=1.5, label="filebacked")
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter(FuncFormatter(lambda ratio, _: f"{ratio:,.15g} ×"))
    axes.set_yticks(
        [height[place] for place in places],
        [f"{case}:  {direction}" if direction == "write" else direction for case, direction in places],
    )
    axes.set_ylim(max(height.values()) + 0.8, -0.8)
    axes.grid(axis="x", which="major", color="#cccccc", linewidth=0.8)
    axes.grid(axis="y", color="#eeeeee", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel("time over that of filebacked (to the right of the line, filebacked is faster)")
    axes.set_title("Time to write and read a file, against filebacked", loc="left", fontweight="bold")
    axes.legend(loc="upper center", bbox_to_anchor=(0.4, -0.08), ncols=6, frameon=False, numpoints=1)


def scale(axes: Axes, rows: Rows) -> None:
    """Time per record against the number of records, a line a kind of record and direction."""
    for color, case in zip(["#0072b2", "#d55e00", "#009e73"], dict.fromkeys(row["case"] for row in rows)):
        for direction, line in LINES.items():
            points = [row for row in rows if (row["case"], row["direction"]) == (case, direction)]
            lengths = [int(row["records"]) for row in points]
            each = [1e9 * float(row["seconds"]) / length for row, length in zip(points, lengths)]
            axes.plot(lengths, each, line, color=color, marker="o", markersize=5, label=f"{case}, {direction}")
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.grid(which="major", color="#cccccc", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.set_xlabel("records")
    axes.set_ylabel("nanoseconds per record")
    axes.set_title("Time per record of filebacked", loc="left", fontweight="bold")
    axes.legend(loc="center left", bbox_to_anchor=(1.02, 0.5), frameon=False)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("results", nargs="+", type=Path)
    parser.add_argument("--svg", type=Path, default=ROOT / "benches" / "speed.svg")
    parser.add_argument("--png", type=Path)
    arguments = parser.parse_args()
    rows: Rows = []
    for path in arguments.results:
        with open(path, newline="") as file:
            rows += [{**row, "file": str(path)} for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)]
    of = {table: [row for row in rows if row["table"] == table] for table in ["speed", "scale"]}
    # Glyphs as paths, as widths differ between fonts; ids and dates that do not change with each run.
    plt.rcParams.update({"font.size": 10, "svg.hashsalt": "speed", "font.family": "sans-serif"})
    figure = plt.figure(figsize=(12, 15), facecolor="white")
    grid = figure.add_gridspec(2, 1, height_ratios=[3, 1], hspace=0.3, left=0.31, right=0.97, top=0.97, bottom=0.05)
    if of["speed"]:
        ratios(figure.add_subplot(grid[0]), of["speed"])
    if of["scale"]:
        # The legend is beside this one.
        lower = grid[1].subgridspec(1, 2, width_ratios=[2, 1])
        scale(figure.add_subplot(lower[0]), [row for row in of["scale"] if row["side"] == "filebacked"])
    figure.savefig(arguments.svg, metadata={"Date": None})
    if arguments.png:
        figure.savefig(arguments.png, dpi=80)


if __name__ == "__main__":
    main()
