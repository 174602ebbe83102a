"""Links by which people come in and become friends."""

import re
from datetime import timedelta

import pytest
from django.core import mail
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from accounts import hearing
from accounts.invitations import Guest, Invitation
from accounts.models import Friendship, PersonalizationLevel, Purpose, User
from accounts.services.invitation import invitation_create
from discovery.platform.graphql.node import node_id
from tests import factories
from tests.accounts.door import confirm, sign_in, sign_up
from tests.api.client import App

pytestmark = pytest.mark.django_db

MADE = "... on Invitation { id befriends usesLeft link secret repeated }"
REFUSED = "... on OperationInfo { messages { code message field } }"
CREATE = f"mutation ($key: String) {{ createInvitation(idempotencyKey: $key) {{ {MADE} {REFUSED} }} }}"
REVOKE = (
    f"mutation ($id: ID!) {{ revokeInvitation(id: $id) {{ ... on Invitation {{ usesLeft }} {REFUSED} }} }}"
)
ACCEPT = f"mutation ($secret: String!) {{ acceptInvitation(secret: $secret) {{ ... on AcceptedInvitation {{ listener {{ handle }} }} {REFUSED} }} }}"
LIST = "{ viewer { invitations { id usesLeft link secret } } }"


@pytest.fixture(autouse=True)
def _by_invitation(settings):
    settings.SIGN_UP = "invitation"


@pytest.fixture
def ada():
    return factories.sharer("ada")


def made(user):
    return App(user).data(CREATE)["createInvitation"]


def accepted(user, secret):
    return App(user).data(ACCEPT, secret=secret)["acceptInvitation"]


def friends():
    return {
        frozenset((row.low.username, row.high.username))
        for row in Friendship.objects.filter(state=Friendship.State.ACCEPTED)
    }


def follow(client, secret):
    """Follow the link, and press the button."""
    client.get(f"/invitations/{secret}/")
    return client.post("/invitations/open/")


class TestSignUp:
    def test_whoever_follows_the_link_comes_in_and_is_a_friend(self, ada, client):
        secret = made(ada)["secret"]
        assert "Ada invites you" in client.get(f"/invitations/{secret}/", follow=True).text
        assert follow(client, secret)["Location"] == "/accounts/signup/"
        assert sign_up(client, "ben").status_code == 302
        assert friends() == set(), "not before the address is shown to be theirs"
        assert Invitation.objects.get().uses_left == 1
        assert confirm(client)["Location"] == "/welcome/"
        assert friends() == {frozenset(("ada", "ben"))}
        assert Invitation.objects.get().uses_left == 0
        assert not Guest.objects.exists()
        assert not User.objects.get(username="ben").consents.exists()

    def test_who_was_not_first_stays_outside(self, ada):
        secret = made(ada)["secret"]
        browsers = {name: Client() for name in ("ben", "cleo")}
        for name, client in browsers.items():
            follow(client, secret)
            sign_up(client, name)
        assert confirm(browsers["cleo"])["Location"] == "/welcome/"

        mail.outbox.reverse()
        late = [message for message in mail.outbox if "ben@example.org" in message.to]
        mail.outbox[:] = late
        assert confirm(browsers["ben"]).status_code in {200, 302}
        assert browsers["ben"].get("/welcome/").status_code == 302
        assert sign_in(Client(), "ben")["Location"] == "/accounts/confirm-email/"
        assert friends() == {frozenset(("ada", "cleo"))}

    @pytest.mark.parametrize("after", ["revoked", "expired", "closed", "inviter gone"])
    def test_a_link_that_is_over_lets_nobody_in_who_signed_up_by_it(self, ada, client, settings, after):
        answer = made(ada)
        follow(client, answer["secret"])
        sign_up(client, "ben")
        if after == "revoked":
            assert App(ada).data(REVOKE, id=answer["id"])["revokeInvitation"] == {"usesLeft": 0}
        elif after == "expired":
            Invitation.objects.update(expires_at=timezone.now())
        elif after == "closed":
            settings.SIGN_UP = "closed"
        else:
            ada.is_active = False
            ada.save()
        confirm(client)
        assert client.get("/welcome/").status_code == 302
        assert friends() == set()

    def test_whether_an_address_has_an_account_shows_nowhere_to_the_inviter(self, ada):
        """Not in the links that are open, nor among requests."""
        known = factories.listener("known", email="known@example.org")
        seen = []
        for address in (known.email, "new@example.org"):
            answer, client = made(ada), Client()
            follow(client, answer["secret"])
            sign_up(client, "guest", address)
            (row,) = (
                each for each in App(ada).data(LIST)["viewer"]["invitations"] if each["id"] == answer["id"]
            )
            seen.append(
                (row["usesLeft"], App(ada).data("{ viewer { friendRequests { edges { node { id } } } } }"))
            )
        assert seen[0] == seen[1]

    def test_the_operators_link_befriends_nobody(self, client, capsys, settings):
        settings.SITE_URL = "https://music.example"
        call_command("invite", "--uses", "2", "--days", "1")
        secret = re.fullmatch(
            r"https://music.example/invitations/([\w-]+)/\n", capsys.readouterr().out
        ).group(1)
        for name in ("ben", "cleo"):
            browser = Client()
            follow(browser, secret)
            sign_up(browser, name)
            assert confirm(browser)["Location"] == "/welcome/"
        assert follow(Client(), secret).status_code == 404
        assert friends() == set()
        for wrong in (["--by", "nobody"], ["--uses", "0"], ["--days", "91"]):
            with pytest.raises(CommandError):
                call_command("invite", *wrong)


class TestFriends:
    def test_somebody_who_is_here_says_yes(self, ada):
        ben, secret = factories.listener("ben"), made(ada)["secret"]
        assert accepted(ben, secret) == {"listener": {"handle": "ada"}}
        assert friends() == {frozenset(("ada", "ben"))}
        assert accepted(factories.listener("cleo"), secret)["messages"][0]["code"] == "INVALID_INVITATION"

    def test_by_the_page_with_a_button(self, ada, client):
        client.force_login(factories.listener("ben"))
        secret = made(ada)["secret"]
        client.get(f"/invitations/{secret}/", follow=True)
        assert friends() == set(), "to follow a link says nothing yet"
        assert "You and Ada are friends" in client.post("/invitations/open/").text
        assert friends() == {frozenset(("ada", "ben"))}

    def test_friends_stay_friends_and_use_nothing_up(self, ada):
        ben = factories.listener("ben")
        factories.befriended(ada, ben)
        answer = made(ada)
        assert accepted(ben, answer["secret"]) == {"listener": {"handle": "ada"}}
        assert Invitation.objects.get().uses_left == 1

    def test_a_request_that_waits_is_answered(self, ada):
        ben = factories.listener("ben")
        factories.requested(ben, ada)
        assert accepted(ben, made(ada)["secret"]) == {"listener": {"handle": "ada"}}
        assert Friendship.objects.count() == 1
        assert friends() == {frozenset(("ada", "ben"))}

    def test_every_link_that_is_no_good_is_answered_alike(self, ada):
        ben = factories.listener("ben")
        blocked, blocking = factories.listener("blocked"), factories.listener("blocking")
        factories.blocked(ada, blocked)
        factories.blocked(blocking, ada)
        secrets = {name: made(ada) for name in ("good", "expired", "used", "revoked")}
        Invitation.objects.filter(pk=pk(secrets["expired"])).update(expires_at=timezone.now())
        Invitation.objects.filter(pk=pk(secrets["used"])).update(uses_left=0)
        App(ada).data(REVOKE, id=secrets["revoked"]["id"])
        good = secrets.pop("good")["secret"]
        tried = [(ben, each["secret"]) for each in secrets.values()]
        tried += [(ben, "unknown-and-long-enough"), (blocked, good), (blocking, good), (ada, good)]
        tried += [(ben, invitation_create(user=None, befriends=False)[1])]
        answers = {str(accepted(user, secret)) for user, secret in tried}
        assert len(answers) == 1
        assert "INVALID_INVITATION" in answers.pop()
        pages = set()
        User.objects.update(level=PersonalizationLevel.SOCIAL)  # each page tells its viewer their own
        for user, secret in tried[:-1]:
            client = Client()
            client.force_login(user)
            answer = client.get(f"/invitations/{secret}/", follow=True)
            words = re.sub(r'csrf\S* (?:content|value)="\w+"|value="\w{64}"', "", answer.text)
            pages.add((answer.status_code, words))
        assert len(pages) == 1
        assert friends() == set()

    def test_who_joins_a_company_that_is_heard_is_heard_from_a_new_period_on(self, ada):
        """No difference between two answers tells what the new one plays."""
        company = [factories.sharer(f"friend{number}") for number in range(hearing.SMALLEST_FRIEND_COUNT)]
        factories.befriended(ada, *company)
        for friend in company:
            factories.revoke(friend, Purpose.NAMED)
        newcomer = factories.sharer("newcomer")
        factories.revoke(newcomer, Purpose.NAMED)
        accepted(newcomer, made(ada)["secret"])
        row = Friendship.objects.get(low__in=(ada, newcomer), high__in=(ada, newcomer))
        hers = row.low_hears_from if row.low_id == ada.pk else row.high_hears_from
        assert hers == hearing.period_after_next()


def pk(answer):
    return node_id(answer["id"], "Invitation", field="id")


class TestLinks:
    def test_a_link_is_told_once_and_stored_as_a_digest(self, ada):
        answer = App(ada).data(CREATE, key="k")["createInvitation"]
        assert answer["link"].endswith(f"/invitations/{answer['secret']}/")
        assert answer["secret"] not in str(Invitation.objects.values())
        again = App(ada).data(CREATE, key="k")["createInvitation"]
        assert again == {**answer, "link": None, "secret": None, "repeated": True}
        assert App(ada).data(LIST)["viewer"]["invitations"] == [
            {"id": answer["id"], "usesLeft": 1, "link": None, "secret": None}
        ]

    def test_nobody_takes_back_anothers(self, ada):
        answer, ben = made(ada), factories.listener("ben")
        assert (
            App(ben).data(REVOKE, id=answer["id"])["revokeInvitation"]["messages"][0]["code"] == "NOT_FOUND"
        )
        assert accepted(ben, answer["secret"]) == {"listener": {"handle": "ada"}}

    def test_there_are_not_too_many(self, ada):
        answers = [made(ada) for _ in range(21)]
        assert "messages" not in answers[19]
        assert answers[20]["messages"][0]["code"] == "LIMIT_EXCEEDED"

    def test_the_page_makes_one_shows_it_once_and_takes_it_back(self, ada, client):
        client.force_login(ada)
        page = client.post("/invitations/", follow=True).text
        secret = re.search(r"/invitations/([\w-]{32})/", page).group(1)
        assert "<svg" in page
        assert secret not in client.get("/invitations/").text
        key = re.search(r'name="id" value="([^"]+)"', page).group(1)
        client.post("/invitations/end/", {"id": key})
        assert follow(Client(), secret).status_code == 404

    def test_in_a_private_session_it_keeps_the_day_alone(self, ada):
        ada.private_from, ada.private_until = timezone.now(), timezone.now() + timedelta(hours=1)
        ada.save()
        made(ada)
        end = Invitation.objects.get().expires_at
        assert (end.hour, end.minute, end.second) == (0, 0, 0)
