"""Follows records that another program writes: for each line that comes in, checks that so many are there."""

import sys

import h5py
import numpy as np

with h5py.File(sys.argv[1], "r", swmr=True) as file:
    parts = {name: file[f"steps/{name}"] for name in ["index", "name/bytes", "name/offsets", "event/tag", "event/Hit"]}
    print("ready", flush=True)
    for line in sys.stdin:
        count = int(line)
        for part in parts.values():
            part.refresh()
        assert len(parts["index"]) >= count, (len(parts["index"]), count)
        assert (parts["index"][:count] == np.arange(count)).all()
        offsets = parts["name/offsets"][: count + 1]
        text = parts["name/bytes"][: offsets[-1]].tobytes().decode()
        names = [text[start:end] for start, end in zip(offsets, offsets[1:])]
        assert names == [f"step {number}" for number in range(count)], names[:3]
        tags = parts["event/tag"][:count]
        hit = h5py.check_enum_dtype(parts["event/tag"].dtype)["Hit"]
        assert (np.flatnonzero(tags == hit) % 3 == 0).all()
        assert (parts["event/Hit"][: (tags == hit).sum()] == np.arange(0, count, 3)).all()
        print(count, flush=True)
