"""Prints in what the attributes of two files differ: names, order, types, shapes, and values, where a reference is the path of
what it leads to.

Usage: same_attributes.py FILE OTHER
"""

import sys

import h5py
import numpy as np


def told(file, value):
    """A value of which references are paths."""
    if isinstance(value, h5py.RegionReference):
        return "region"
    if isinstance(value, h5py.Reference):
        return file[value].name if value else None
    if isinstance(value, np.void) and value.dtype.names:
        return [told(file, value[name]) for name in value.dtype.names]
    if isinstance(value, np.ndarray):
        return [told(file, element) for element in value]
    if isinstance(value, h5py.Empty):
        return "empty"
    return value.tobytes() if isinstance(value, np.void) else value


with h5py.File(sys.argv[1]) as one, h5py.File(sys.argv[2]) as other:
    objects = {"/": one}
    one.visititems(lambda name, found: objects.__setitem__("/" + name, found))
    for name, found in objects.items():
        attrs, others = found.attrs, other[name].attrs
        if list(attrs) != list(others):
            print(f"{name}: {list(attrs)}, {list(others)}")
        for key in set(attrs) & set(others):
            ids = attrs.get_id(key), others.get_id(key)
            if ids[0].get_type() != ids[1].get_type():
                print(f"{name}@{key}: {ids[0].dtype}, {ids[1].dtype}")
            if ids[0].shape != ids[1].shape or ids[0].get_space().get_simple_extent_type() != ids[1].get_space().get_simple_extent_type():
                print(f"{name}@{key}: {ids[0].shape}, {ids[1].shape}")
            elif key not in ["bits"] and told(one, attrs[key]) != told(other, others[key]):
                print(f"{name}@{key}: {told(one, attrs[key])}, {told(other, others[key])}")
