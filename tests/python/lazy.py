"""Writes a file that is read lazily, and checks what was made of it.

Usage: lazy.py write|check FOLDER.
"""

import sys
from pathlib import Path

import h5py
import numpy

task, folder = sys.argv[1], Path(sys.argv[2])
field = numpy.arange(100 * 70, dtype=">f4").reshape(100, 70)
names = ["left", "right", "a long name " * 100]

if task == "write":
    with h5py.File(folder / "theirs.h5", "w") as file:
        run = file.create_group("run")
        run.attrs["title"] = "plate"
        run.create_dataset("field", data=field, chunks=(10, 70), compression="gzip")
        run["field"].attrs["unit"] = "Pa"
        run["names"] = names
        run["step"] = 17
        run["more"] = numpy.array([1 + 2j, 3 - 4j])
        run["soft"] = h5py.SoftLink("/run/field")
        run["same"] = run["field"]
        # As the Python package stores a dictionary.
        cases = file.create_group("cases")
        cases.attrs["module"], cases.attrs["class"] = "model", "IntDict"
        for key in (2, 10, -1):
            cases[str(key)] = f"case {key}"
else:
    with h5py.File(folder / "ours.h5") as file:
        run = file["run"]
        assert list(run) == ["field", "more", "names", "same", "soft", "step"], list(run)
        assert run.attrs["title"] == "plate"
        assert run["field"].chunks == (10, 70) and run["field"].compression == "gzip"
        assert run["field"].dtype == numpy.dtype(">f4") and (run["field"][:] == field).all()
        assert run["field"].attrs["unit"] == "Pa"
        assert run["field"] == run["same"] == run["soft"]
        assert list(run["names"].asstr()[:]) == names
        assert run["step"][()] == 17 and run["more"][1] == 3 - 4j
        assert list(file) == ["run", "list", "whole"], list(file)
        assert list(file["list"]) == ["0", "1"] and (file["list/1"][:] == field).all()
        assert file["whole"].attrs["class"] == "IntDict" and file["whole/10"].asstr()[()] == "case 10"
    with h5py.File(folder / "theirs.h5") as file:
        cases = file["cases"]
        assert cases.attrs["class"] == "IntDict"
        assert {int(key): value.asstr()[()] for key, value in cases.items()} == {2: "new", 3: "three", 10: "case 10"}
        assert (file["run/field"][:] == field).all()
print("done")
