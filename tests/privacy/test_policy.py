"""The policy as the API shows it."""

import re
from datetime import timedelta

import pytest

from accounts import policies
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
    assert set(Purpose.names) == set(rows)
    expiring = {name: row["expiresAfterDays"] for name, row in rows.items() if row["expiresAfterDays"]}
    assert expiring == {"CALENDAR": 90, "LOCATION": 90}
    assert " ".join(current.text.split()).count("ends by itself after ninety days") == len(expiring)
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


# What the text says of how long, and the line of the table that the clock enforces.
PERIODS = {
    "To whom you were shown, and why: 90 days": "social_use",
    "learn from it; it is kept for 180 days": "radio_choices",
    "on which days they were is kept for 180 days": "exposures",
    "which side brought each item is kept for 180 days": "exposed_items",
    "A radio: 12 hours after you last used it": "radios",
    "A room that nobody uses: 7 days": "rooms",
    "was is kept for 90 days, so that a play of it that arrives late": "private_sessions",
    "Requests for friendship that nobody answered: 180 days": "friend_requests",
    "A file with your data: 7 days": "export_files",
    "that you asked for one: 90 days": "exports",
    "handed in and did not have read: 24 hours": "uploads",
    "Which of its rows were not stored, and why: 90 days": "import_rows",
    "a browser 14 days": "sessions",
    "a token 90 days unless it was made for another time": "devices",
    "an app 90 days after it last renewed itself": "tokens",
    "They are kept for three years after your account ends": "ledger",
    "The receipt of an erasure: three years": "erasures",
    "brings you back after an erasure: 3650 days": "erased_identities",
    "What staff did to accounts by hand: 365 days": "staff_log",
    "When a recommender was trained: 365 days": "training_runs",
    "whether you can be found, without what it was: 24 hours": "link_changes",
    "A link by which you invite somebody: 90 days": "invitations",
    "showed to be theirs: 7 days after the sign-up": "unconfirmed",
    "by which a call that your app repeats is not done twice: 24 hours": "repeats",
    "On which day a device of yours reported in private sums: 24 hours": "device_reports",
    "A moment that your device told: 1 hour after it is over": "moments",
    "That your friends are about to hear of a play or a like, without what it was: until they were told, 1 hour": "news",
}


def test_every_period_the_text_states_is_the_one_the_clock_enforces():
    text = " ".join(policy_text_current().text.split())
    kept = {rule.name: rule.kept for rule in RULES}
    assert set(PERIODS.values()) == kept.keys()
    for sentence, name in PERIODS.items():
        assert sentence in text, sentence
        number, unit = re.search(r"(\d+|three) (day|hour|year)s?", sentence).groups()
        size = {"day": timedelta(days=1), "hour": timedelta(hours=1), "year": timedelta(days=365)}[unit]
        stated = (3 if number == "three" else int(number)) * size
        assert stated <= kept[name] <= stated + timedelta(days=1), name
    assert len(re.findall(r"\d+ days", text)) == sum("days" in sentence for sentence in PERIODS)


def test_the_text_says_of_how_many_people_a_count_is():
    assert f"fewer than {policies.SMALLEST_AGGREGATE} people" in " ".join(policy_text_current().text.split())
