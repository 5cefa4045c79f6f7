"""Shows lists that whole files are, as an appender leaves them."""

import sys

import h5py

numbers, words = sys.argv[1:]
with h5py.File(numbers) as f:
    print(f.attrs["filebacked"].decode(), f["value"][:].tolist(), f["value"].maxshape)
with h5py.File(words) as f:
    value = f["value"]
    text = value["bytes"][:].tobytes().decode()
    print(f.attrs["filebacked"].decode(), value.attrs["filebacked"].decode(), value["offsets"][:].tolist(), text)
