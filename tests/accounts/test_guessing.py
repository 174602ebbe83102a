"""Guessing at the door: who has an account is not told, and nobody locks an owner out. How long it takes: tests/soak."""

import re

import pytest
import redis
from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.core import mail
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.entrance import limits
from accounts.models import User
from tests import factories
from tests.accounts.door import PASSWORD, sign_in, sign_up

pytestmark = pytest.mark.django_db

HEADLESS = "/_allauth/browser/v1/auth"


class Quicker(PBKDF2PasswordHasher):
    """Some hundred tries have to fit into a test."""

    iterations = 2_000


@pytest.fixture(autouse=True)
def _open(settings):
    settings.SIGN_UP = "open"
    settings.PASSWORD_HASHERS = ["tests.accounts.test_guessing.Quicker"]


def account(name="ada"):
    user = factories.listener(name, email=f"{name}@example.org")
    user.set_password(PASSWORD)
    user.save()
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


def at(address):
    return {"REMOTE_ADDR": address}


# --- the same answer, in the same time ------------------------------------------------------


def told(answer, name):
    """An answer without what differs between any two: the name that was typed, and tokens."""
    words = re.sub(r'csrf\S* (?:content|value)="\w+"|value="\w{64}"', "", answer.content.decode())
    return answer.status_code, answer.get("Location"), words.replace(name, "NAME")


ASKED = {
    "sign in by handle": lambda client, name: sign_in(client, name, "wrong words"),
    "sign in by address": lambda client, name: sign_in(client, f"{name}@example.org", "wrong words"),
    "sign in, headless": lambda client, name: client.post(
        f"{HEADLESS}/login", {"username": name, "password": "wrong words"}, "application/json"
    ),
    "sign up": lambda client, name: sign_up(client, f"x{name}", f"{name}@example.org"),
    "sign up, headless": lambda client, name: client.post(
        f"{HEADLESS}/signup",
        {"username": f"x{name}", "email": f"{name}@example.org", "password": PASSWORD},
        "application/json",
    ),
    "reset": lambda client, name: client.post("/accounts/password/reset/", {"email": f"{name}@example.org"}),
    "reset, headless": lambda client, name: client.post(
        f"{HEADLESS}/password/request", {"email": f"{name}@example.org"}, "application/json"
    ),
}


@pytest.mark.parametrize("question", ASKED)
def test_who_is_there_and_who_is_not_are_answered_alike(question):
    account("aaaa")
    there, absent = (told(ASKED[question](Client(), name), name) for name in ("aaaa", "bbbb"))
    assert there == absent
    assert not question.startswith(("sign up", "reset")) or len(mail.outbox) == 2, "one mail each"


@pytest.mark.parametrize("question", ASKED)
def test_who_is_there_is_as_much_work_as_who_is_not(question, settings, monkeypatch):
    """What takes time: passwords hashed, mails written, the database asked. ``make soak`` takes the time itself."""
    settings.ACCOUNT_RATE_LIMITS = False
    hashed = []
    encode = Quicker.encode
    monkeypatch.setattr(
        Quicker, "encode", lambda *given, **named: hashed.append(1) or encode(*given, **named)
    )
    account("there")
    work = {}
    for name in ("there", "nobody"):
        hashed.clear(), mail.outbox.clear()
        with CaptureQueriesContext(connection) as asked:
            ASKED[question](Client(), name)
        work[name] = (len(hashed), len(mail.outbox)), len(asked)
    (there, asked_there), (absent, asked_absent) = work["there"], work["nobody"]
    assert there == absent != (0, 0)
    assert abs(asked_there - asked_absent) <= 3, "a sham sign-up is taken back: a savepoint, and its end"


# --- guessing a password --------------------------------------------------------------------


def test_thirty_wrong_passwords_are_throttled_and_the_owner_comes_in():
    account()
    known = Client(**at("10.0.0.1"))
    assert sign_in(known).status_code == 302
    known.post("/accounts/logout/")
    guesser = Client(**at("10.0.0.1"))
    answers = [sign_in(guesser, password=f"guess {number}").text for number in range(30)]
    refused = ["Too many failed login attempts" in answer for answer in answers]
    assert refused.index(True) == 5
    assert all(refused[5:])
    assert sign_in(guesser).status_code == 200, "not even the right one, from there"
    assert sign_in(known)["Location"] == "/", "a browser that is known already"
    assert sign_in(Client(**at("10.0.0.2")))["Location"] == "/", "from elsewhere"


def test_many_addresses_together_are_throttled_and_a_known_browser_comes_in():
    account()
    known = Client(**at("10.0.0.1"))
    sign_in(known)
    known.post("/accounts/logout/")
    tries = [sign_in(Client(**at(f"10.1.{n // 5}.1")), password="wrong words") for n in range(101)]
    refused = ["Too many failed" in answer.text for answer in tries]
    assert refused.index(True) == 100
    assert "Too many failed" in sign_in(Client(**at("10.2.0.1"))).text
    assert sign_in(known)["Location"] == "/"


def test_one_address_does_not_try_one_account_after_another():
    guesser = Client(**at("10.0.0.1"))
    tries = [sign_in(guesser, f"somebody{number}").text for number in range(21)]
    assert ["Too many failed" in text for text in tries] == [False] * 20 + [True]


def test_a_known_browser_may_not_guess_for_ever_and_is_known_for_its_account_alone():
    account()
    account("ben")
    known = Client(**at("10.0.0.1"))
    sign_in(known)
    known.post("/accounts/logout/")
    tries = [sign_in(known, password="wrong words").text for _ in range(11)]
    assert ["Too many failed" in text for text in tries] == [False] * 10 + [True]
    assert ["Too many failed" in sign_in(known, "ben", "wrong").text for _ in range(6)][-1]
    assert known.cookies[limits.COOKIE]["httponly"]


@pytest.mark.parametrize("made_up", ["x~y", "~", "x~" + 32 * "0", "." * 99])
def test_a_made_up_word_makes_no_browser_known(made_up):
    account()
    guesser = Client(**at("10.0.0.1"))
    guesser.cookies[limits.COOKIE] = made_up
    tries = [sign_in(guesser, password="wrong words").text for _ in range(6)]
    assert "Too many failed" in tries[5]


def test_by_the_headless_api_it_is_the_same_count():
    account()
    guesser = Client(**at("10.0.0.1"))
    for number in range(5):
        sign_in(guesser, password=f"guess {number}")
    told_ = {"username": "ada", "password": PASSWORD}
    answer = guesser.post(f"{HEADLESS}/login", told_, "application/json")
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "too_many_login_attempts")


def test_what_is_counted_is_counted_by_all_processes(redis_url):
    account()
    for number in range(5):
        sign_in(Client(), password=f"guess {number}")
    cache._own.clear()  # as if it were another process
    assert "Too many failed" in sign_in(Client()).text
    with redis.Redis.from_url(redis_url) as there:
        kept = [key.decode() for key in there.keys()]  # noqa: SIM118
    # A digest may spell "ada" by chance; what stands between its digits and other letters is a word.
    assert kept
    assert not any(re.search(r"(?<![0-9a-z])ada(?![0-9a-z])", key) for key in kept)


def test_without_redis_people_come_in_and_guesses_are_counted(settings, tmp_path):
    account()
    away = {"BACKEND": "discovery.platform.cache.SharedCache", "LOCATION": f"unix://{tmp_path}/none.sock"}
    settings.CACHES = {"default": away}
    assert sign_in(Client())["Location"] == "/welcome/"
    tries = [sign_in(Client(), password="wrong words").text for _ in range(6)]
    assert ["Too many failed" in text for text in tries] == [False] * 5 + [True]
    assert User.objects.get().last_login
