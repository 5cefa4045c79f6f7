"""What the tests store, whoever wrote it."""

import numpy


def held(dataset):
    """Whether it holds the numbers from 0 on, halves where they are floats."""
    data = dataset[...]
    if data.dtype.names:
        return all((data[name].ravel() == numpy.arange(data.size) * 0.5).all() for name in data.dtype.names)
    if data.dtype.kind == "S":
        return [text.decode() for text in data] == [f"text {index % 100}" for index in range(data.size)]
    if data.dtype == object:
        return [text.decode() for text in data] == [f"text {index % 100}" for index in range(data.size)]
    numbers = numpy.arange(data.size).reshape(data.shape)
    return bool((data == (numbers * 0.5 if data.dtype.kind == "f" else (numbers % 128).astype(data.dtype))).all())
