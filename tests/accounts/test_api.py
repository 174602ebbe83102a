"""People through the API: what an app reads, what it can do, and what it is refused."""

import pytest

from accounts.models import Block, Consent, ConsentEvent, Friendship, Purpose, User
from accounts.policy_text import ASKED
from accounts.services import consent
from accounts.services.consent import consent_set
from discovery.platform.graphql.node import global_id
from tests.api.client import App
from tests.factories import answered, befriended, blocked, listener, requested

pytestmark = pytest.mark.django_db

REFUSAL = "... on OperationInfo { messages { kind code field message } }"
CHANGE = "... on FriendshipChange { state listener { handle } request { id incoming sender { handle } } }"
PRIVACY = "level purposes { purpose state validUntil overrides { state friend { handle } } } signals { gpc }"
MUTATIONS = {
    "requestFriendship": f"mutation ($id: ID!) {{ it: requestFriendship(listenerId: $id) {{ {CHANGE} {REFUSAL} }} }}",
    "endFriendship": f"mutation ($id: ID!) {{ it: endFriendship(listenerId: $id) {{ {CHANGE} {REFUSAL} }} }}",
    "block": f"mutation ($id: ID!) {{ it: block(listenerId: $id) {{ ... on BlockChange {{ blocked }} {REFUSAL} }} }}",
    "unblock": f"mutation ($id: ID!) {{ it: unblock(listenerId: $id) {{ ... on BlockChange {{ blocked }} {REFUSAL} }} }}",
    "answerFriendRequest": (
        "mutation ($id: ID!, $accept: Boolean = true) { it: answerFriendRequest(requestId: $id, accept: $accept)"
        f" {{ {CHANGE} {REFUSAL} }} }}"
    ),
    "setConsent": (
        "mutation ($id: ID, $purpose: Purpose = SOCIAL_OUT, $granted: Boolean = true, $key: String)"
        " { it: setConsent(purpose: $purpose, granted: $granted, friendId: $id, idempotencyKey: $key)"
        f" {{ ... on ConsentChange {{ privacy {{ {PRIVACY} }} }} {REFUSAL} }} }}"
    ),
    "withdrawAllConsent": (
        f"mutation {{ it: withdrawAllConsent {{ ... on ConsentChange {{ privacy {{ {PRIVACY} }} }} {REFUSAL} }} }}"
    ),
    "setPersonalizationLevel": (
        "mutation ($level: PersonalizationLevel = OWN)"
        f" {{ it: setPersonalizationLevel(level: $level) {{ ... on PrivacySettings {{ {PRIVACY} }} {REFUSAL} }} }}"
    ),
}
BY_ID = ["requestFriendship", "endFriendship", "block", "unblock", "answerFriendRequest", "setConsent"]


def do(app, name, **variables):
    return app.data(MUTATIONS[name], **variables)["it"]


def refused(app, name, **variables):
    """(code, field) of a refusal."""
    (message,) = do(app, name, **variables)["messages"]
    return message["code"], message["field"]


def gid(row):
    return global_id({User: "Listener", Friendship: "FriendRequest"}[type(row)], row.pk)


def stored():
    tables = (Friendship, Block, Consent, ConsentEvent)
    return [list(table.objects.order_by("pk").values()) for table in tables] + [
        list(User.objects.order_by("pk").values("level", "consent_epoch"))
    ]


class TestMalformed:
    @pytest.mark.parametrize("name", BY_ID)
    @pytest.mark.parametrize(
        "value",
        [
            "",
            "garbage",
            "🎵",
            "\x00",
            "x" * 10_000,
            global_id("Track", 1),
            global_id("Viewer", 1),
            "TGlzdGVuZXI6eA==",
        ],
        ids=["empty", "garbage", "emoji", "null byte", "oversized", "other type", "no node", "no key"],
    )
    def test_an_id_that_is_none_is_refused_and_nothing_stored(self, name, value):
        app, before = App(listener()), stored()
        field = {"answerFriendRequest": "requestId", "setConsent": "friendId"}.get(name, "listenerId")
        assert refused(app, name, id=value) == ("INVALID_ID", field)
        assert stored()[:-1] == before[:-1]

    @pytest.mark.parametrize("name", BY_ID)
    def test_somebody_elses_and_nobodys_id_are_refused_alike(self, name):
        viewer, hidden, third = listener(), listener(), listener()
        foreign = requested(hidden, third) if name == "answerFriendRequest" else hidden
        before, app = stored(), App(viewer)
        missing = do(app, name, id=global_id(gid_type(foreign), 10**15))
        assert do(app, name, id=gid(foreign)) == missing
        assert missing["messages"][0]["code"] == "NOT_FOUND"
        assert stored() == before

    @pytest.mark.parametrize("key", ["", "  ", "x" * 65, "a\x00b", "\ud800"])
    def test_idempotency_keys(self, key):
        app, before = App(listener()), stored()
        assert refused(app, "setConsent", key=key) == ("INVALID", "idempotencyKey")
        assert stored() == before

    @pytest.mark.parametrize(
        "variables",
        [{"purpose": "EVERYTHING"}, {"purpose": None}, {"granted": "yes"}, {"id": True}, {"id": ["a"]}],
    )
    def test_values_of_another_type(self, variables):
        app, before = App(listener()), stored()
        assert app.code(MUTATIONS["setConsent"], **variables) == "INVALID"
        assert stored() == before

    @pytest.mark.parametrize("name", MUTATIONS)
    def test_nobody_signed_in(self, name):
        answer = do(App(), name, **({"id": gid(listener())} if name in BY_ID else {}))
        assert answer["messages"][0]["code"] == "SIGN_IN_REQUIRED"
        assert answer["messages"][0]["kind"] == "PERMISSION"
        assert not ConsentEvent.objects.exists()


def gid_type(row):
    return "FriendRequest" if isinstance(row, Friendship) else "Listener"


class TestFriendship:
    def test_from_request_to_end(self):
        ada, ben = listener("ada"), answered(listener("ben"), Purpose.DISCOVERABLE)
        ada_app, ben_app = App(ada), App(ben)
        asked = do(ada_app, "requestFriendship", id=gid(ben))
        assert (asked["state"], asked["listener"]) == ("REQUESTED", {"handle": "ben"})
        assert (asked["request"]["incoming"], asked["request"]["sender"]) == (False, {"handle": "ada"})

        assert refused(ada_app, "answerFriendRequest", id=asked["request"]["id"]) == (
            "NOT_FOUND",
            "requestId",
        )
        accepted = do(ben_app, "answerFriendRequest", id=asked["request"]["id"])
        assert accepted == {"state": "ACCEPTED", "listener": {"handle": "ada"}, "request": None}
        assert refused(ada_app, "requestFriendship", id=gid(ben)) == ("ALREADY_FRIENDS", "listenerId")

        # Ada cannot be discovered, so Ben loses sight of her with the friendship.
        assert do(ben_app, "endFriendship", id=gid(ada)) == {
            "state": "NONE",
            "listener": None,
            "request": None,
        }

    def test_declining(self):
        ada, ben = listener("ada"), listener("ben")
        app = App(ben)
        assert do(app, "answerFriendRequest", id=gid(requested(ada, ben)), accept=False)["state"] == "NONE"
        assert not Friendship.objects.exists()

    def test_block_and_unblock(self):
        ada, ben = listener(), listener()
        befriended(ada, ben)
        app = App(ada)
        assert do(app, "block", id=gid(ben)) == {"blocked": True}
        assert refused(App(ben), "requestFriendship", id=gid(ada)) == ("NOT_FOUND", "listenerId")
        assert do(app, "unblock", id=gid(ben)) == {"blocked": False}
        assert not Friendship.objects.exists()


class TestLists:
    FRIENDS = """query ($first: Int, $after: String) { viewer { friends(first: $first, after: $after) {
        totalCount pageInfo { hasNextPage endCursor } edges { node { id handle displayName } } } } }"""
    REQUESTS = """{ viewer { friendRequests(first: 100) {
        edges { node { incoming requestedAt sender { handle } receiver { handle displayName } } } } } }"""

    @pytest.mark.parametrize(
        ("query", "link", "queries"),
        [(FRIENDS, befriended, 2), (REQUESTS, requested, 2)],
        ids=["friends", "requests"],
    )
    def test_as_many_queries_for_3_rows_as_for_30(self, query, link, queries, django_assert_num_queries):
        for size in (3, 30):
            viewer = listener()
            for _ in range(size):
                link(viewer, listener())
            app = App(viewer)
            with django_assert_num_queries(queries):
                (connection,) = app.data(query, first=100)["viewer"].values()
            assert len(connection["edges"]) == size

    def test_pages_join_up(self):
        viewer = listener("viewer")
        befriended(viewer, *(listener(f"friend{number:02}") for number in range(23)))
        app, handles, after = App(viewer), [], None
        for size, more in ((20, True), (3, False)):
            friends = app.data(self.FRIENDS, after=after, first=20)["viewer"]["friends"]
            assert len(friends["edges"]) == size
            assert friends["totalCount"] == 23
            assert friends["pageInfo"]["hasNextPage"] is more
            handles += [edge["node"]["handle"] for edge in friends["edges"]]
            after = friends["pageInfo"]["endCursor"]
        assert handles == [f"friend{number:02}" for number in range(23)]

    def test_twenty_unless_told(self):
        viewer = listener()
        befriended(viewer, *(listener() for _ in range(21)))
        assert len(App(viewer).data(self.FRIENDS)["viewer"]["friends"]["edges"]) == 20

    def test_only_ones_own_and_nobody_behind_a_block(self):
        viewer, friend, gone = listener(), listener("friend"), listener()
        befriended(viewer, friend, gone)
        befriended(gone, listener())
        asked = requested(viewer, listener("asked"))
        requested(gone, listener())
        blocked(gone, viewer)
        app = App(viewer)
        (edge,) = app.data(self.FRIENDS)["viewer"]["friends"]["edges"]
        assert edge["node"] == {"id": gid(friend), "handle": "friend", "displayName": "friend"}
        (edge,) = app.data(self.REQUESTS)["viewer"]["friendRequests"]["edges"]
        assert edge["node"]["receiver"]["handle"] == "asked"
        node = "query ($id: ID!) { node(id: $id) { ... on FriendRequest { incoming } } }"
        assert app.data(node, id=gid(asked)) == {"node": {"incoming": False}}
        assert App(friend).data(node, id=gid(asked)) == {"node": None}


class TestConsent:
    def purposes(self, privacy):
        return {each["purpose"]: each["state"] for each in privacy["purposes"]}

    def test_everything_starts_undefined(self):
        privacy = App(listener()).data(f"{{ viewer {{ privacy {{ {PRIVACY} }} }} }}")["viewer"]["privacy"]
        assert self.purposes(privacy) == dict.fromkeys(ASKED, "UNDEFINED")
        assert privacy["level"] == "CONTEXT"
        assert privacy["signals"] == {"gpc": False}

    def test_granting_and_withdrawing_take_one_step_each(self):
        app = App(listener())
        granted = do(app, "setConsent", purpose="SELF", granted=True)["privacy"]
        assert self.purposes(granted)["SELF"] == "GRANTED"
        withdrawn = do(app, "setConsent", purpose="SELF", granted=False)["privacy"]
        assert self.purposes(withdrawn)["SELF"] == "WITHDRAWN"

    def test_one_friend(self):
        user, friend = listener(), listener("ben")
        befriended(user, friend)
        privacy = do(App(user), "setConsent", id=gid(friend), purpose="NAMED", granted=True)["privacy"]
        named = next(each for each in privacy["purposes"] if each["purpose"] == "NAMED")
        assert named["state"] == "UNDEFINED"
        assert named["overrides"] == [{"state": "GRANTED", "friend": {"handle": "ben"}}]
        assert refused(App(user), "setConsent", id=gid(friend), purpose="SELF") == ("INVALID", "friendId")

    def test_withdrawing_all_and_the_level(self):
        app = App(listener())
        do(app, "setConsent", purpose="SELF")
        do(app, "setConsent", purpose="RECORD")
        answers = self.purposes(do(app, "withdrawAllConsent")["privacy"])
        assert {purpose for purpose, state in answers.items() if state == "WITHDRAWN"} == {"SELF", "RECORD"}
        assert set(answers.values()) == {"WITHDRAWN", "DENIED"}  # silence is a no from now on
        assert do(app, "setPersonalizationLevel", level="BASIC")["level"] == "BASIC"
        assert app.data("{ viewer { privacy { level } } }") == {"viewer": {"privacy": {"level": "BASIC"}}}

    def test_global_privacy_control_denies_third_parties_and_nothing_else(self):
        user = listener()
        answered(user, Purpose.THIRD_PARTY)
        consent_set(user=user, purpose=Purpose.SELF, granted=True)
        app = App(user, **{"Sec-GPC": "1"})
        privacy = app.data(f"{{ viewer {{ privacy {{ {PRIVACY} }} }} }}")["viewer"]["privacy"]
        assert privacy["signals"] == {"gpc": True}
        assert self.purposes(privacy)["SELF"] == "GRANTED"
        assert user.consents.get(purpose=Purpose.THIRD_PARTY).state == "DENIED"
        assert refused(app, "setConsent", purpose="THIRD_PARTY") == ("GPC_SIGNAL", "purpose")

    def test_what_nothing_uses_can_only_be_refused(self, monkeypatch):
        purpose, app = "FEEDBACK", App(listener())
        monkeypatch.setattr(consent, "NOT_USED", frozenset({Purpose.FEEDBACK}))
        assert refused(app, "setConsent", purpose=purpose) == ("PURPOSE_NOT_USED", "purpose")
        assert not ConsentEvent.objects.filter(purpose=purpose).exists()
        assert do(app, "setConsent", purpose=purpose, granted=False)["privacy"]["level"]
        assert ConsentEvent.objects.get(purpose=purpose).new_state == "DENIED"

    def test_the_history_is_ones_own_newest_first(self, django_assert_num_queries):
        query = """{ viewer { consentHistory { edges { node { id purpose priorState newState friendId actor
            policyVersion previousHash hash } } } } }"""
        user, friend = listener(), listener()
        befriended(user, friend)
        consent_set(user=user, purpose=Purpose.SELF, granted=True)
        consent_set(user=user, purpose=Purpose.NAMED, granted=False, friend=friend)
        consent_set(user=friend, purpose=Purpose.SELF, granted=True)
        app = App(user)
        with django_assert_num_queries(2):
            history = app.data(query)["viewer"]["consentHistory"]
        second, first = (edge["node"] for edge in history["edges"])
        assert (first["purpose"], first["newState"], first["friendId"], first["actor"]) == (
            "SELF",
            "GRANTED",
            None,
            "USER",
        )
        assert (second["purpose"], second["newState"], second["friendId"]) == ("NAMED", "DENIED", gid(friend))
        assert second["previousHash"] == first["hash"]
        node = "query ($id: ID!) { node(id: $id) { ... on ConsentEvent { purpose friendId } } }"
        assert app.data(node, id=second["id"])["node"] == {"purpose": "NAMED", "friendId": gid(friend)}
        assert App(friend).data(node, id=second["id"]) == {"node": None}

    def test_settings_take_as_many_queries_for_3_friends_as_for_30(self, django_assert_num_queries):
        for size in (3, 30):
            user = listener()
            for _ in range(size):
                friend = listener()
                befriended(user, friend)
                answered(user, Purpose.NAMED, friend=friend)
            app = App(user)
            with django_assert_num_queries(3):
                privacy = app.data(f"{{ viewer {{ privacy {{ {PRIVACY} }} }} }}")["viewer"]["privacy"]
            assert sum(len(each["overrides"]) for each in privacy["purposes"]) == size
