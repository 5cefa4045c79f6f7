#!/usr/bin/env python3
"""How fast the command `filebacked` is beside h5ls, h5diff and h5py: medians of runs in turn, files in the page cache.

    cargo build --release -p filebacked-cli
    benches/command.py target/release/filebacked

It takes h5py, and HDF5's tools on the path.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

RUNS = 5


def timed(arguments):
    """Seconds that a program takes, and the most memory that it had, in MB."""
    start = time.perf_counter()
    process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    # It was waited for.
    process.returncode = 0
    assert os.waitstatus_to_exitcode(status) in (0, 1), arguments
    return time.perf_counter() - start, usage.ru_maxrss / 1024


def compare(what, cases, runs=RUNS):
    """Runs each in turn."""
    results = {name: [] for name in cases}
    for arguments in cases.values():
        timed(arguments)
    for _ in range(runs):
        for name, arguments in cases.items():
            results[name].append(timed(arguments))
    print(what)
    for name, measured in results.items():
        seconds = statistics.median(run[0] for run in measured)
        memory = max(run[1] for run in measured)
        print(f"  {name:24} {1000 * seconds:9.1f} ms  {memory:7.1f} MB")


def make(megabytes):
    """Makes the files: in a process of its own, as a child counts the memory of whoever starts it as its own."""
    import h5py
    import numpy as np

    with h5py.File("many.h5", "w") as file:
        for group in range(100):
            inner = file.create_group(f"group {group}")
            for dataset in range(99):
                inner[f"dataset {dataset}"] = np.arange(10.0)
    with h5py.File("large.h5", "w") as file:
        file["x"] = np.random.default_rng(1).random(100_000_000 // 8)
    for name in ["a.h5", "b.h5"]:
        with h5py.File(name, "w") as file:
            for part in range(10):
                file[f"part {part}"] = np.random.default_rng(part).random(megabytes * 100_000 // 8)
            if name == "b.h5":
                file["part 5"][1000] = 0.5


def main():
    program = str(Path(sys.argv[1]).resolve())
    megabytes = int(sys.argv[2]) if len(sys.argv) > 2 else 1000
    script = str(Path(__file__).resolve())
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        subprocess.run([sys.executable, script, "--make", str(megabytes)], check=True)
        compare("start", {"filebacked": [program, "--version"]}, 20)
        compare("10,000 objects", {
            "filebacked tree": [program, "tree", "many.h5"],
            "filebacked tree -n 0": [program, "tree", "-n", "0", "many.h5"],
            "h5ls -r": ["h5ls", "-r", "many.h5"],
        })
        save = "import h5py, numpy as np; np.save('h5py.npy', h5py.File('large.h5')['x'][:])"
        text = "import h5py, sys; sys.stdout.write('\\n'.join(map(repr, h5py.File('large.h5')['x'][:].tolist())))"
        compare("100 MB", {
            "filebacked get --npy": [program, "get", "large.h5", "x", "--npy", "-o", "filebacked.npy"],
            "h5py to .npy": [sys.executable, "-c", save],
            "filebacked get": [program, "get", "large.h5", "x"],
            "h5py as text": [sys.executable, "-c", text],
        }, 3)
        compare(f"{megabytes} MB and the same with one change", {
            "filebacked diff": [program, "diff", "a.h5", "b.h5"],
            "h5diff": ["h5diff", "a.h5", "b.h5"],
        }, 3)
        compare(f"{megabytes} MB", {"filebacked check": [program, "check", "a.h5"]}, 3)


if sys.argv[1] == "--make":
    make(int(sys.argv[2]))
else:
    main()
