"""Reads the files of a corpus with h5py, as `--corpus` of the fuzzer writes them, each in a process that may crash.

    python3 fuzz/others.py FOLDER [COUNT]

Everything in a file is read: all groups, datasets and attributes. It prints how many files gave values, how many an error,
and how many crashed, took longer than 5 seconds, or more than 256 MiB.
"""

import collections
import os
import pathlib
import resource
import signal
import sys
import time

import h5py
import numpy

PATIENCE = 5
MEMORY = 256 << 20
SPACE = 6 << 30


def read(found, met):
    if isinstance(found, h5py.Datatype):
        return
    for name in found.attrs:
        numpy.asarray(found.attrs[name])
    if isinstance(found, h5py.Dataset):
        if found.shape is not None:
            found[()]
        return
    place = h5py.h5o.get_info(found.id).addr
    if place in met:
        return
    met.add(place)
    for name in found:
        # Other files are not asked for.
        if not isinstance(found.get(name, getlink=True), h5py.ExternalLink):
            read(found[name], met)


def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def work(path):
    """What a child does: 0 where it gets values, 1 where it gets an error, 2 where that takes too much."""
    resource.setrlimit(resource.RLIMIT_AS, (SPACE, SPACE))
    before = peak()
    code = 0
    try:
        with h5py.File(path, "r") as file:
            read(file, set())
    except MemoryError:
        return 2
    except Exception:
        code = 1
    return 2 if peak() - before > MEMORY else code


def outcome(path):
    child = os.fork()
    if child == 0:
        os.close(2)
        code = 3
        try:
            code = work(path)
        finally:
            os._exit(code)
    begin = time.monotonic()
    while True:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            break
        if time.monotonic() - begin > PATIENCE:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            return "hang"
        time.sleep(0.001)
    if os.WIFSIGNALED(status):
        return f"crash ({signal.Signals(os.WTERMSIG(status)).name})"
    return ["values", "error", "too much memory", "crash"][os.WEXITSTATUS(status)]


def main():
    paths = sorted(pathlib.Path(sys.argv[1]).glob("*.h5"))
    if len(sys.argv) > 2:
        paths = paths[: int(sys.argv[2])]
    counts = collections.Counter()
    for path in paths:
        found = outcome(path)
        counts[found] += 1
        if found not in ("values", "error"):
            print(f"{path.name}: {found}")
    print(f"h5py {h5py.version.version}, HDF5 {h5py.version.hdf5_version}: {len(paths)} files")
    for found, count in counts.most_common():
        print(f"{count:8} {found}")


main()
