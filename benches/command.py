#!/usr/bin/env python3
"""How fast the command `filebacked` is beside h5ls, h5diff, h5repack, h5py and pandas: medians of runs in turn, files in the page cache.

    cargo build --release -p filebacked-cli --features parquet
    benches/command.py target/release/filebacked [MEGABYTES [WORD...]]

It takes h5py and HDF5's tools on the path; pandas for some rows and pyarrow for those of Parquet; chromium for the last. The large
files have 1000 MB, or MEGABYTES; with words, only what has one of them in its heading is measured: `objects`, `records`, `report`.
"""

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

RUNS = 5
# How soon the page of 10,000 objects is to be there, in milliseconds, and how large it may be, in megabytes.
MOST_LOADING, MOST_PAGE = 1000, 5


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
    words = sys.argv[3:]
    if words and not any(word in what for word in words):
        return
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
        print(f"  {name:24} {1000 * seconds:9.1f} ms  {memory:7.1f} MB", flush=True)


def make(megabytes):
    """Makes the files: in a process of its own, as a child counts the memory of whoever starts it as its own."""
    import h5py
    import numpy as np

    with h5py.File("many.h5", "w") as file:
        for group in range(100):
            inner = file.create_group(f"group {group}")
            for dataset in range(99):
                inner[f"dataset {dataset}"] = np.arange(10.0)
    with h5py.File("flat.h5", "w") as file:
        for dataset in range(10_000):
            file[f"dataset {dataset}"] = np.arange(10.0)
    with h5py.File("large.h5", "w") as file:
        file["x"] = np.random.default_rng(1).random(100_000_000 // 8)
        file["walk"] = np.random.default_rng(1).normal(size=100_000_000 // 8).cumsum()
        file["grid"] = np.random.default_rng(1).random((2500, 5000))
    for name in ["a.h5", "b.h5"]:
        with h5py.File(name, "w") as file:
            for part in range(10):
                file[f"part {part}"] = np.random.default_rng(part).random(megabytes * 100_000 // 8)
            if name == "b.h5":
                file["part 5"][1000] = 0.5
    with h5py.File("smooth.h5", "w") as file:
        file["x"] = np.sin(np.arange(megabytes * 100_000 // 8) / 1000)
    # A tenth of a gigabyte in a million records.
    with h5py.File("records.h5", "w") as file:
        rng = np.random.default_rng(1)
        records = np.zeros(megabytes * 1000, [("id", "u8"), ("energy", "f8"), ("mass", "f4"), ("charge", "i1"), ("name", "S24")])
        records["id"] = np.arange(len(records))
        records["energy"], records["mass"] = rng.random(len(records)), rng.random(len(records))
        records["charge"] = rng.integers(-3, 4, len(records))
        records["name"] = [f"particle {number}".encode() for number in range(len(records))]
        file["records"] = records


FRAME = """
import h5py, pandas as pd
frame = pd.DataFrame(h5py.File("records.h5")["records"][:])
frame["name"] = frame["name"].str.decode("utf-8")
"""
BACK = """
import h5py, numpy as np, pandas as pd
frame["name"] = frame["name"].str.encode("utf-8").astype("S24")
records = frame.to_records(index=False, column_dtypes={"name": "S24"})
h5py.File("pandas.h5", "w")["records"] = records
"""


def conversions(program):
    """What `convert` is measured on: its own runs, and the same by pandas where that is installed."""
    for end, there, back in [
        ("csv", "frame.to_csv('pandas.csv', index=False)", "frame = pd.read_csv('pandas.csv')"),
        ("ndjson", "frame.to_json('pandas.ndjson', orient='records', lines=True)", "frame = pd.read_json('pandas.ndjson', lines=True)"),
        ("parquet", "frame.to_parquet('pandas.parquet')", "frame = pd.read_parquet('pandas.parquet')"),
        ("json", None, None),
        ("msgpack", None, None),
    ]:
        own = [program, "convert", "records.h5", f"own.{end}", "--at", "records"]
        if subprocess.run(own, stderr=subprocess.DEVNULL).returncode != 0:
            print(f"left out: this program was built without {end}")
            continue
        cases = {f"filebacked to .{end}": own}
        from_it = {f"filebacked from .{end}": [program, "convert", f"own.{end}", f"from-{end}.h5"]}
        if there is not None and subprocess.run([sys.executable, "-c", FRAME + there], stderr=subprocess.DEVNULL).returncode == 0:
            cases[f"pandas to .{end}"] = [sys.executable, "-c", FRAME + there]
            from_it[f"pandas from .{end}"] = [sys.executable, "-c", "import pandas as pd\n" + back + BACK]
        yield f"records to .{end}", cases
        yield f"records from .{end}", from_it


def loading(page, browser):
    """Milliseconds until a browser has loaded a page and drawn it: in a frame of another page, which says so in its title.

    This is run by `chromium --headless --disable-gpu --dump-dom`, and the start of the browser does not count.
    """
    Path("frame.html").write_text(
        f"""<!doctype html><meta charset="utf-8"><title></title><body><script>
        // The browser waits for this frame, which is not loaded before it is removed.
        const hold = document.createElement("iframe");
        document.body.append(hold);
        hold.contentDocument.open();
        const frame = document.createElement("iframe"), begun = performance.now();
        frame.width = 1200;
        frame.height = 900;
        frame.src = "{Path(page).resolve().as_uri()}";
        frame.onload = () => requestAnimationFrame(() => requestAnimationFrame(() => {{
            document.title = `drawn ${{performance.now() - begun}}`;
            hold.remove();
        }}));
        document.body.prepend(frame);
        </script>"""
    )
    flags = [
        "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-extensions", "--disable-dev-shm-usage",
        "--window-size=1300,1000", "--dump-dom",
    ]
    output = subprocess.run([browser, *flags, f"file://{Path('frame.html').resolve()}"], capture_output=True, text=True, check=True)
    return float(output.stdout.split("<title>drawn ")[1].split("<")[0])


def opened(program, browser):
    """How soon pages of 10,000 objects are there."""
    Path("empty.html").write_text("<!doctype html><title>empty</title>")
    print("a page of `filebacked report`, loaded and drawn by chromium --headless, in a frame of 1200 by 900 pixels")
    for what, name in [("an empty page", "empty"), ("10,000 objects in groups", "many"), ("10,000 objects in one", "flat")]:
        page = f"{name}.html"
        if name != "empty":
            subprocess.run([program, "report", f"{name}.h5", "-o", page], check=True)
        measured = sorted([loading(page, browser) for _ in range(RUNS + 1)][1:])
        median, size = statistics.median(measured), Path(page).stat().st_size / 1e6
        print(f"  {what:24} {median:9.1f} ms  {size:7.1f} MB  ({measured[0]:.0f} to {measured[-1]:.0f} ms)", flush=True)
        assert median < MOST_LOADING and size < MOST_PAGE, f"more than {MOST_LOADING} ms, or {MOST_PAGE} MB"


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
            "filebacked tree --schema": [program, "tree", "--schema", "many.h5"],
            "h5dump -H": ["h5dump", "-H", "many.h5"],
            "filebacked check": [program, "check", "many.h5"],
            "filebacked rust": [program, "rust", "many.h5"],
            "filebacked report": [program, "report", "many.h5", "-o", "many.html"],
        }, 3)
        save = "import h5py, numpy as np; np.save('h5py.npy', h5py.File('large.h5')['x'][:])"
        text = "import h5py, sys; sys.stdout.write('\\n'.join(map(repr, h5py.File('large.h5')['x'][:].tolist())))"
        compare("100 MB", {
            "filebacked get --npy": [program, "get", "large.h5", "x", "--npy", "-o", "filebacked.npy"],
            "h5py to .npy": [sys.executable, "-c", save],
            "filebacked get": [program, "get", "large.h5", "x"],
            "h5py as text": [sys.executable, "-c", text],
        }, 3)
        compare("100 MB, drawn", {
            "filebacked plot": [program, "plot", "large.h5", "walk"],
            "filebacked plot --png": [program, "plot", "large.h5", "walk", "--png", "walk.png"],
            "filebacked plot, a matrix": [program, "plot", "large.h5", "grid", "--png", "grid.png"],
            "filebacked report": [program, "report", "large.h5", "-o", "large.html"],
        }, 3)
        compare(f"{megabytes} MB and the same with one change", {
            "filebacked diff": [program, "diff", "a.h5", "b.h5"],
            "h5diff": ["h5diff", "a.h5", "b.h5"],
        }, 3)
        compare(f"{megabytes} MB", {"filebacked check": [program, "check", "a.h5"]}, 3)
        compare(f"{megabytes} MB, made anew", {
            "filebacked repack": [program, "repack", "-q", "a.h5", "own.h5"],
            "h5repack": ["h5repack", "a.h5", "other.h5"],
        }, 3)
        compare(f"{megabytes // 10} MB, compressed", {
            "filebacked repack": [program, "repack", "-q", "smooth.h5", "own.h5", "--at", "x:deflate=6"],
            "h5repack": ["h5repack", "-l", "x:CHUNK=131072", "-f", "x:SHUF", "-f", "x:GZIP=6", "smooth.h5", "other.h5"],
        }, 3)
        for what, cases in conversions(program):
            compare(f"{megabytes * 1000:,} {what}", cases, 3)
        browser = shutil.which("chromium") or shutil.which("google-chrome")
        words = sys.argv[3:]
        if browser is None:
            print("left out: there is no chromium")
        elif not words or "report" in words:
            opened(program, browser)


if sys.argv[1] == "--make":
    make(int(sys.argv[2]))
else:
    main()
