"""That the list of guards still points at code that stands there."""

from pathlib import Path

import pytest

from tests.mutations import GUARDS

ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: f"{guard.invariant} {guard.file}")
def test_each_guard_stands_where_the_list_says_and_once(guard):
    assert (ROOT / guard.file).read_text(encoding="utf-8").count(guard.old) == 1
