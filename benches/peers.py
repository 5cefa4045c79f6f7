"""The cases of `cargo bench` through Python packages: h5py, FileBacked and hickle. See README.md.

`python3 benches/peers.py` runs every case; `python3 benches/peers.py records` those whose name contains the word.
"""

from environment import ROOT, enter

enter()

import gc  # noqa: E402
import os  # noqa: E402
import statistics  # noqa: E402
import subprocess  # noqa: E402
import sys  # noqa: E402
import tempfile  # noqa: E402
import time  # noqa: E402
from dataclasses import dataclass, field  # noqa: E402
from pathlib import Path  # noqa: E402
from typing import Any, Callable, Dict, List  # noqa: E402

from python_cases import CALLS, CASES, Case, same  # noqa: E402

ROUNDS = 7
PEERS = ["h5py", "FileBacked", "hickle"]


class Crate:
    """filebacked itself: the bench of the crate, which reads from a pipe what to do and answers with seconds."""

    def __init__(self) -> None:
        command = ["cargo", "bench", "--quiet", "--", "serve"]
        self.child = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.value_bytes = 0

    def run(self, direction: str, case: str, path: Path) -> float:
        self.child.stdin.write(f"{direction}\t{case}\t{path}\n")
        self.child.stdin.flush()
        answer = self.child.stdout.readline().split()
        if len(answer) != 2:
            sys.exit(f"the bench of the crate ended at {case}, {direction}")
        self.value_bytes = int(answer[1])
        return float(answer[0])


@dataclass
class Times:
    seconds: Dict[str, List[float]] = field(default_factory=lambda: {"write": [], "read": []})
    file_bytes: int = 0
    part: float = 1.0

    def median(self, direction: str) -> float:
        """For the whole case, whichever part of it ran."""
        return statistics.median(self.seconds[direction]) / self.part

    def spread(self, direction: str) -> float:
        first, middle, third = statistics.quantiles(self.seconds[direction], n=4, method="inclusive")
        return (third - first) / 2 / middle


def settle(folder: Path) -> None:
    """Waits until all files are on the disk, so that their pages do not hold up the next side's."""
    for path in folder.iterdir():
        with open(path, "rb") as file:
            os.fsync(file.fileno())


def timed(work: Callable[[], Any]) -> tuple:
    start = time.perf_counter()
    value = work()
    return time.perf_counter() - start, value


def compare(case: Case, crate: Crate, folder: Path) -> Dict[str, Times]:
    """Runs all sides in turn, `ROUNDS` times after one round that does not count.

    As in `cargo bench`, each round begins with another side, and every other one goes backwards.
    """
    values = {name: side.make(side.length or case.length) for name, side in case.sides.items()}
    # The values are no garbage: the collector need not look at them whenever a side makes objects.
    gc.collect()
    gc.freeze()
    times = {name: Times() for name in ["filebacked", *case.sides]}
    for name, side in case.sides.items():
        times[name].part = (side.length or case.length) / case.length
    path = folder / "value.h5"
    for round in range(ROUNDS + 1):
        order = list(times)[:: -1 if round % 2 else 1]
        start = round % len(order)
        for name in order[start:] + order[:start]:
            side = case.sides.get(name)
            if side is None:
                write = crate.run("write", case.name, path)
                settle(folder)
                read = crate.run("read", case.name, path)
            else:
                write, _ = timed(lambda: side.write(path, values[name]))
                settle(folder)
                read, back = timed(lambda: side.read(path))
                expected = [values[name]] * CALLS if side.many else values[name]
                assert same(expected, back), f"{name} gave back another value: {case.name}"
                del back
            if round > 0:
                times[name].seconds["write"].append(write)
                times[name].seconds["read"].append(read)
            times[name].file_bytes = sum(file.stat().st_size for file in folder.iterdir())
            for file in folder.iterdir():
                file.unlink()
    gc.unfreeze()
    return times


def duration(times: Times, direction: str) -> str:
    seconds = times.median(direction)
    number, unit = (seconds, "s") if seconds >= 10 else (seconds * 1e3, "ms")
    return f"{number:.1f} {unit} ±{100 * times.spread(direction):.0f}%"


def times_as_long(ratio: float) -> str:
    return f"{ratio:,.0f}" if ratio >= 100 else f"{ratio:.3g}"


def print_row(case: Case, direction: str, times: Dict[str, Times]) -> None:
    own = times["filebacked"]
    # Markdown takes `<f64>` for a tag.
    shown = f"`{case.name}`" if "<" in case.name else case.name
    cells = [shown, direction, duration(own, direction)]
    for name in PEERS:
        if name not in times:
            cells.append("")
            continue
        peer = times[name]
        ratio = peer.median(direction) / own.median(direction)
        note = f", from {case.sides[name].length:,}" if case.sides[name].length else ""
        cells.append(f"{times_as_long(ratio)} × ({duration(peer, direction)}{note})")
    met = []
    for name in case.targets:
        target = case.target(name, direction)
        ratio = times[name].median(direction) / own.median(direction)
        met.append(f"≥ {target:g} × {name}: {times_as_long(ratio)} {'met' if ratio >= target else 'MISSED'}")
    print(f"| {' | '.join([*cells, '; '.join(met)])} |", flush=True)


COLUMNS = "table case direction side records part seconds spread file_bytes value_bytes memory_bytes target".split()


def main() -> None:
    words = sys.argv[1:]
    results = open(os.environ["BENCH_RESULTS"], "w") if "BENCH_RESULTS" in os.environ else None
    if results:
        print(*COLUMNS, sep="\t", file=results)
    print(f"Medians of {ROUNDS} rounds, the sides in turn; ± half the interquartile range.")
    print("Behind × is how many times as long as filebacked a package takes: above 1, filebacked is faster.")
    print('Where it says "from 500", the package ran 500 elements, and its time is that for as many as the case has.\n')
    print(f"| case | | filebacked | {' | '.join(PEERS)} | target |\n|{'---|' * (4 + len(PEERS))}", flush=True)
    crate = Crate()
    with tempfile.TemporaryDirectory(dir=os.environ.get("BENCH_FOLDER", ".")) as name:
        folder = Path(name).resolve()
        for case in CASES:
            if words and not any(word in case.name for word in words):
                continue
            times = compare(case, crate, folder)
            for direction in ["write", "read"]:
                print_row(case, direction, times)
                for side, taken in times.items():
                    if results:
                        target = 1 / case.target(side, direction) if side in case.targets else ""
                        row = ["speed", case.name, direction, side, "", taken.part, taken.median(direction)]
                        row += [taken.spread(direction), taken.file_bytes, crate.value_bytes, "", target]
                        print(*row, sep="\t", file=results, flush=True)
    crate.child.stdin.close()
    crate.child.wait()


if __name__ == "__main__":
    main()
