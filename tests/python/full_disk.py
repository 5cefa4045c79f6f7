"""Reads all of the files in a folder, `x.found.h5`, and compares each to `x.wanted.h5`, where there is one.

Usage: full_disk.py FOLDER
"""

import sys
from pathlib import Path

import h5py
import numpy


def attributes(thing):
    return {name: thing.attrs[name] for name in thing.attrs}


def contents(path):
    """All objects of a file by name, with all that is in them."""
    found = {}
    with h5py.File(path) as file:
        found["/"] = (attributes(file), None)

        def visit(name, thing):
            data = thing[()] if isinstance(thing, h5py.Dataset) else None
            found[name] = (attributes(thing), data)

        file.visititems(visit)
    return found


def same(one, other):
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, h5py.Empty) or isinstance(other, h5py.Empty):
        return one == other
    if isinstance(one, (h5py.Reference, h5py.RegionReference)):
        return bool(one) == bool(other)
    one, other = numpy.asarray(one), numpy.asarray(other)
    if one.dtype.kind == "V" or one.dtype == object:
        return one.dtype == other.dtype and one.shape == other.shape and one.tolist() == other.tolist()
    return one.dtype == other.dtype and one.shape == other.shape and one.tobytes() == other.tobytes()


count = 0
for path in sorted(Path(sys.argv[1]).glob("*.found.h5")):
    name = path.name.removesuffix(".found.h5")
    count += 1
    try:
        found = contents(path)
        wanted = path.with_name(f"{name}.wanted.h5")
        if wanted.exists():
            wanted = contents(wanted)
            if found.keys() != wanted.keys():
                print(f"FAULT: {name}: h5py finds {sorted(found.keys() ^ wanted.keys())}")
            for key in found.keys() & wanted.keys():
                if not same(found[key][0], wanted[key][0]) or not same(found[key][1], wanted[key][1]):
                    print(f"FAULT: {name}: h5py finds other contents in {key}")
    except (OSError, RuntimeError, KeyError, ValueError) as error:
        print(f"FAULT: {name}: {error!r}".replace("unable to", "not able to").replace("Unable to", "Not able to"))
print(f"{count} files were read")
