"""What nobody sends by hand: values, texts and bodies, and how many of them are tried (``EARSHOT_FUZZ``)."""

import os

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st

EXAMPLES = int(os.environ.get("EARSHOT_FUZZ", "15"))
# A database stands behind it, which one example leaves as the next finds it: nothing is asked of what was stored.
fuzzed = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    print_blob=True,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),  # what fails is told as it came, at once
)

ODD = st.sampled_from([
    "", "\x00", "\ufeff", "\u202e", "\U000103ff", "é" * 300, "%00", "%ff", "../..", "0", "-1", "1e999", "NaN", "9" * 30, "9" * 5_000,
    "null", "[]", "{}", "Tm9kZTox", "Bearer", "a=b&c", "'; --", "2038-01-19T03:14:08Z", "0000-00-00", "true",
])  # fmt: skip
words = ODD | st.text(max_size=40)
numbers = st.integers() | st.sampled_from([2**31, 2**63, -(2**63), 10**30, 10**400]) | st.floats()
leaves = st.none() | st.booleans() | numbers | words
values = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(words, inner, max_size=4),
    max_leaves=8,
)


def objects(**known):
    """Objects with some of these keys, each with what belongs there or anything else, and with more."""
    parts = {name: strategy | values for name, strategy in known.items()}
    return st.builds(
        lambda more, some: {**more, **some},
        st.dictionaries(words, values, max_size=2),
        st.fixed_dictionaries({}, optional=parts),
    )
