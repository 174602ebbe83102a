"""How many instructions propagation takes as the graph grows: what is left of its cost where memory costs nothing.

A processor waits for memory, but does not count it: under ``valgrind --tool=callgrind`` a program's instructions are
counted one by one. If they grow as plays do and time grows faster, waiting is all of the difference.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import django
import numpy as np
import torch
from torch import Tensor

from graph.bench.generate import Size, generate
from graph.bench.scale import NETWORK, SIZES, exponent
from graph.ml.data import NAMES, KNOWS, PLAYED_BY, PLAYS, track_view, view_data
from graph.ml.full_batch import Vectors
from graph.ml.model import Bags, Link, TasteNetwork, links_of
from graph.ml.progress import Progress, silent
