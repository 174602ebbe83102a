"""The policy as the API shows it."""

import pytest

from accounts.models import Purpose
from accounts.policy_text import policy_text_current
from discovery.privacy.retention import RULES
from discovery.privacy.stores import STORES
from tests.api.client import App

pytestmark = pytest.mark.django_db


def test_the_policy_is_for_everybody():
    policy = App().data(
        "{ policy { version hash text purposes { purpose dpvIri expiresAfterDays perFriend } } }"
    )["policy"]
    current = policy_text_current()
    assert (policy["version"], policy["hash"], policy["text"]) == (
        current.version,
        current.hash,
        current.text,
    )
    rows = {row.pop("purpose"): row for row in policy["purposes"]}
    assert set(Purpose.names) - set(rows) == {
        "CALENDAR",
        "LOCATION",
        "FEEDBACK",
        "THIRD_PARTY",
    }  # nothing uses them
    assert {row["expiresAfterDays"] for row in rows.values()} == {None}
    assert rows["NAMED"]["perFriend"] is True
    assert all(row["dpvIri"].startswith("https://w3id.org/dpv#") for row in rows.values())


def test_how_long_everything_is_kept_is_for_everybody():
    kept = App().data("{ policy { retention { name what purpose days since } } }")["policy"]["retention"]
    names = [store["name"] for store in kept]
    assert names[: len(STORES)] == [store.name for store in STORES]
    assert set(names) == {store.name for store in STORES} | {rule.name for rule in RULES}
    assert all((store["days"] is None) == (store["since"] is None) for store in kept)
    of = {store["name"]: store for store in kept}
    assert of["plays"]["purpose"] == "RECORD"
    assert of["plays"]["days"] is None
    assert (of["social_use"]["days"], of["ledger"]["days"], of["radios"]["days"]) == (90, 1096, 0)
