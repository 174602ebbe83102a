"""Coming in at a real browser: by form and mail, with a second factor, a passkey, and by a friend's link."""

import re
from email import policy
from email.parser import BytesParser

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from selenium.webdriver.common.virtual_authenticator import VirtualAuthenticatorOptions

from accounts.models import Friendship, User

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(400)]

PASSWORD, OTHER = "correct horse battery", "another staple entirely"


@pytest.fixture
def mailed(site):
    """``mailed(address, path)``: where the last mail to somebody points."""

    def mailed(address, path):
        for file in sorted(
            (site.home / "mail").glob("*.log"), key=lambda file: file.stat().st_mtime, reverse=True
        ):
            for part in reversed(re.split(rb"\n-{79}\n", file.read_bytes())):
                letter = BytesParser(policy=policy.default).parsebytes(part.lstrip())
                if letter["To"] == address and (
                    link := re.search(rf"https?://\S+{path}\S*", letter.get_content())
                ):
                    return link.group(0)
        raise AssertionError(f"no mail to {address} points to {path}")

    return mailed


def at_localhost(person):
    """Passkeys are for names, and not for numbers."""
    person.origin = person.origin.replace("127.0.0.1", "localhost")
    return person


def goes(person, page):
    person.browser.get(person.origin + page)


def fills(person, **fields):
    for name, words in fields.items():
        (box,) = person.find(f"#id_{name}")
        box.clear()
        box.send_keys(words)


def signs_up(person, name, mailed):
    fills(person, email=f"{name}@example.org", username=name, password1=PASSWORD)
    person.submits()
    person.until(
        lambda: person.browser.current_url.endswith("/accounts/confirm-email/"), "told to look at the mail"
    )
    person.browser.get(mailed(f"{name}@example.org", "/accounts/confirm-email/"))
    person.submits()
    person.sees("h1", "Welcome to Earshot")


def signs_in(person, login, password):
    goes(person, "/accounts/login/")
    fills(person, login=login, password=password)
    person.submits()


def signs_out(person):
    goes(person, "/me/")
    person.submits("main form[action$='/logout/'] button")
    person.until(lambda: person.find("#id_login"), "signed out")


def code_of(secret, later=0):
    return format_hotp_value(hotp_value(secret, list(yield_hotp_counters_from_time())[1 + later]))


def confirms_with_password(person, password):
    if person.find("#id_password"):
        fills(person, password=password)
        person.submits()


def test_from_the_form_to_the_second_factor_and_a_passkey(visit, mailed):  # noqa: PLR0915  # one walk
    person = at_localhost(visit())
    goes(person, "/accounts/login/")
    assert person.violations("light", "dark") == []
    person.looks("sign-in")
    goes(person, "/accounts/signup/")
    assert person.violations("light", "dark") == []
    person.looks("sign-up")
    signs_up(person, "ada", mailed)
    assert person.violations("light", "dark") == []
    person.looks("welcome")
    signs_out(person)

    signs_in(person, "ada", "wrong words")
    person.sees(".error", "do not match")
    signs_in(person, "ada@example.org", PASSWORD)
    person.until(lambda: not person.find("#id_login"), "signed in by the address")
    signs_out(person)

    goes(person, "/accounts/password/reset/")
    fills(person, email="ada@example.org")
    person.submits()
    person.until(lambda: person.browser.current_url.endswith("/reset/done/"), "told to look at the mail")
    person.browser.get(mailed("ada@example.org", "/accounts/password/reset/key/"))
    fills(person, password1=OTHER, password2=OTHER)
    person.submits()
    person.until(lambda: person.browser.current_url.endswith("/key/done/"), "another password")
    signs_in(person, "ada", PASSWORD)
    person.sees(".error", "do not match")
    signs_in(person, "ada", OTHER)
    person.until(lambda: not person.find("#id_login"), "signed in")

    goes(person, "/accounts/2fa/totp/activate/")
    confirms_with_password(person, OTHER)
    secret = person.find("#authenticator_secret")[0].get_attribute("value")
    assert person.find(".qr svg")
    assert person.violations("light", "dark") == []
    person.looks("authenticator")
    fills(person, code=code_of(secret))
    person.submits()
    person.sees("h1", "Recovery")
    assert Authenticator.objects.filter(type="totp").count() == 1
    signs_out(person)
    signs_in(person, "ada", OTHER)
    person.until(lambda: person.find("#id_code"), "asked for the second factor")
    assert person.violations("light", "dark") == []
    fills(person, code="000000")
    person.submits()
    person.until(lambda: person.find(".error"), "refused")
    fills(person, code=code_of(secret, later=1))
    person.submits()
    person.until(lambda: not person.find("#id_code"), "signed in with it")

    person.browser.add_virtual_authenticator(
        VirtualAuthenticatorOptions(
            protocol="ctap2", transport="internal", has_resident_key=True, has_user_verification=True,
            is_user_verified=True,
        )
    )  # fmt: skip
    goes(person, "/accounts/2fa/webauthn/add/")
    confirms_with_password(person, OTHER)
    person.presses("#id_passwordless")
    person.looks("passkey")
    person.presses("#mfa_webauthn_add")
    person.until(lambda: Authenticator.objects.filter(type="webauthn").exists(), "a passkey")
    signs_out(person)
    person.presses("#passkey_login")
    person.until(lambda: not person.find("#id_login"), "signed in with a passkey alone")
    goes(person, "/accounts/email/")
    person.sees("main", "ada@example.org")
    for page in (
        "/accounts/email/",
        "/accounts/2fa/",
        "/accounts/2fa/webauthn/",
        "/accounts/password/change/",
    ):
        goes(person, page)
        assert person.violations("light", "dark") == [], page
        person.looks(f"account-{page.strip('/').replace('/', '-')}")
    assert person.origins() == {person.origin}
    assert person.complaints() == []


def test_by_a_friends_link_in_another_browser(visit, mailed):
    ada = visit()
    goes(ada, "/accounts/signup/")
    signs_up(ada, "adele", mailed)
    goes(ada, "/invitations/")
    ada.presses("#make")
    link = ada.until(lambda: ada.text("#link"), "a link")
    assert ada.violations("light", "dark") == []
    ada.looks("invitations")
    path = re.search(r"/invitations/\S+", link).group(0)

    outside = visit(sign_up="closed")
    goes(outside, "/accounts/signup/")
    outside.sees("main", "One signs up here by invitation")
    assert not outside.find("#id_email")

    ben = visit(sign_up="invitation", language="de")
    goes(ben, "/accounts/signup/")
    assert not ben.find("#id_email")
    goes(ben, path)
    ben.sees("h1", "adele lädt dich ein")
    assert ben.violations("light", "dark") == []
    ben.looks("invitation-in-german")
    ben.presses("#sign-up")
    ben.until(lambda: ben.find("#id_email"), "the form")
    fills(ben, email="bert@example.org", username="bert", password1=PASSWORD)
    ben.submits()
    ben.until(
        lambda: ben.browser.current_url.endswith("/accounts/confirm-email/"), "told to look at the mail"
    )
    ben.browser.get(mailed("bert@example.org", "/accounts/confirm-email/"))
    ben.submits()
    ben.sees("h1", "Willkommen bei Earshot")
    row = Friendship.objects.get(state=Friendship.State.ACCEPTED)
    assert {row.low.username, row.high.username} == {"adele", "bert"}
    assert not User.objects.get(username="bert").consents.exists()
    goes(outside, path)
    outside.sees("h1", "This invitation is not valid")
    assert ben.complaints() == ada.complaints() == []
