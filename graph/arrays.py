"""The array types of the project, one dtype each. A docstring beside them gives the shape."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]  # vectors, scores and strengths: what a model holds
Doubles = NDArray[np.float64]  # sums, shares and probabilities: what has to add up
Reals = Floats | Doubles  # where either will do
Ids = NDArray[np.int64]  # keys of the database
Rows = NDArray[np.int64]  # places in another array
Ints = NDArray[np.int64]  # counts, and whole numbers that name nothing
ShortRows = NDArray[np.int32]  # places or counts of large tables, in half the memory
Codes = NDArray[np.int8]  # a few values: kinds, channels, rounded vectors
Mask = NDArray[np.bool_]  # which entries
