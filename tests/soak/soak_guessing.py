"""That the door's answers take as long for who has an account as for who has none, measured: for a quiet machine."""

import statistics
import time

import pytest
from django.core import mail
from django.db import connection
from django.test import Client

from tests.accounts.test_guessing import ASKED, _open, account, at

__all__ = ["_open"]  # a fixture
pytestmark = [pytest.mark.django_db, pytest.mark.timeout(600)]
TIMES = 200


@pytest.mark.parametrize("question", [name for name in ASKED if "headless" not in name])
def test_who_is_there_takes_as_long_as_who_is_not(question, settings):
    """CPU time of people who are there beside others who are not, against that of two kinds of nobody."""
    settings.ACCOUNT_RATE_LIMITS = False
    for number in range(TIMES):
        account(f"there{number:03}")
    spent = {"there": [], "nobody": [], "no-one": []}
    for number in range(-10, TIMES):  # the first ones warm up
        for kind, times in spent.items():
            name = f"{kind}{number % TIMES:03}" if kind == "there" else f"{kind}{number + 10:03}"
            client = Client(**at(f"10.{number // 250 + 1}.{abs(number) % 250}.{len(kind)}"))
            begun = time.process_time()
            ASKED[question](client, name)
            if number >= 0:
                times.append(time.process_time() - begun)
            connection.queries_log.clear()
            mail.outbox.clear()
    medians = {kind: statistics.median(times) for kind, times in spent.items()}
    noise = max(map(error_of_median, spent.values()))
    print(
        question,
        {kind: f"{1000 * each:.2f} ms" for kind, each in medians.items()},
        f"± {1000 * noise:.2f} ms",
    )
    absent = statistics.median([*spent["nobody"], *spent["no-one"]])
    differ = abs(medians["there"] - absent)
    assert differ <= max(4 * noise, 2 * abs(medians["nobody"] - medians["no-one"]))


def error_of_median(times):
    middle = statistics.median(times)
    spread = 1.4826 * statistics.median(abs(each - middle) for each in times)
    return 1.2533 * spread / len(times) ** 0.5
