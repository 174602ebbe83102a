"""What the state machine's parts share: the model that answers, and what they met with."""

from collections import Counter
from types import SimpleNamespace

# What stands in for the registry's active model; steps so far, and what was met with in them.
served = SimpleNamespace(model=None, steps=0, seen=Counter())
