"""Makes a file as hickle writes it.

Usage: foreign_hickle.py FOLDER
"""

import sys
import warnings
from pathlib import Path

import hickle
import numpy as np

warnings.filterwarnings("ignore")


class Own:
    def __init__(self):
        self.x = 1


hickle.dump(
    {
        "int": 5,
        "float": 2.5,
        "bool": True,
        "none": None,
        "text": "schön",
        "bytes": b"\x00\x01",
        "complex": 1 + 2j,
        "array": np.arange(6, dtype="i4").reshape(2, 3),
        "numbers": [1, 2, 3],
        "words": ["a", "schön", "c"],
        "pair": ("a", 2),
        "empty": [],
        "nested": {"a": {"b": [[1], [2, 3]]}},
        "numbered": {1: "one", 12: "twelve"},
        "own": Own(),
    },
    str(Path(sys.argv[1]) / "hickle.h5"),
    mode="w",
)
