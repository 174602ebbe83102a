"""What stands behind an id is told as its usual field tells it at that moment, and no longer."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import ConsentEvent, DeviceScope, Purpose
from accounts.services.consent import consent_set
from accounts.services.friendship import friendship_end
from accounts.services.token import token_issue
from discovery.models import DataExport, SocialUse
from discovery.platform.graphql.node import global_id, node_id, uuids_of
from graph.models import ModelVersion
from tests import factories
from tests.api.client import App

pytestmark = pytest.mark.django_db

NODE = "query ($id: ID!) { node(id: $id) { __typename id } }"
DONE = "{ viewer { activity { edges { node { id } } } } }"
ITEM = "query ($id: ID!) { node(id: $id) { id ... on Activity { listener { handle } item { ... on Track { title } } } } }"


def node(app, key):
    return app.data(NODE, id=key)["node"]


@pytest.fixture
def ada():
    return factories.sharer("ada")


@pytest.fixture
def ben(ada):
    return factories.befriended(factories.sharer("ben"), ada)


class TestActivity:
    def told(self, ada, ben, **when):
        factories.listens(ben, factories.track("Blue"), at=timezone.now() - timedelta(**when))
        return [edge["node"]["id"] for edge in App(ada).data(DONE)["viewer"]["activity"]["edges"]]

    def test_is_told_again_and_its_source_learns_of_it(self, ada, ben):
        (key,) = self.told(ada, ben, hours=1)
        SocialUse.objects.all().delete()
        told = App(ada).data(ITEM, id=key)["node"]
        assert told == {"id": key, "listener": {"handle": "ben"}, "item": {"title": "Blue"}}
        assert SocialUse.objects.filter(source=ben, recipient=ada, named=True).exists()
        assert node(App(ben), key) is node(App(factories.sharer()), key) is node(App(), key) is None

    @pytest.mark.parametrize(
        "end",
        [
            lambda _ada, ben: consent_set(user=ben, purpose=Purpose.NAMED, granted=False),
            lambda ada, _ben: consent_set(user=ada, purpose=Purpose.SOCIAL_IN, granted=False),
            lambda ada, ben: friendship_end(user=ada, other=ben),
            lambda _ada, ben: ben.listens.update(listened_at=timezone.now() - timedelta(days=31)),
            lambda _ada, ben: ben.listens.all().delete(),
        ],
    )
    def test_ends_with_what_let_it_be_told(self, ada, ben, end):
        (key,) = self.told(ada, ben, hours=1)
        end(ada, ben)
        SocialUse.objects.all().delete()
        assert node(App(ada), key) is None
        assert not SocialUse.objects.exists(), "of what is not told nobody learns"


def test_models_are_those_that_answer_or_may_have_seen_the_viewers_plays(ada):
    consent_set(user=ada, purpose=Purpose.CONTRIBUTE, granted=True)
    during = ConsentEvent.objects.latest("pk").pk
    consent_set(user=ada, purpose=Purpose.CONTRIBUTE, granted=False)
    after = ConsentEvent.objects.latest("pk").pk
    fields = {"data_hash": "", "config": {}, "metrics": {}}
    retired = ModelVersion.State.RETIRED
    seen, other = (
        ModelVersion.objects.create(state=retired, ledger_position=position, **fields)
        for position in (during, after)
    )
    active = ModelVersion.objects.create(state=ModelVersion.State.ACTIVE, ledger_position=after, **fields)
    keys = [global_id("ModelVersion", version.pk) for version in (seen, other, active)]
    assert [node(App(ada), key) and node(App(ada), key)["id"] for key in keys] == [keys[0], None, keys[2]]
    assert [node(App(), key) for key in keys[:2]] == [None, None]
    assert node(App(), keys[2]) == {"__typename": "ModelVersion", "id": keys[2]}


def test_an_export_is_its_owners_for_as_long_as_they_are_told_of_it(ada, ben):
    first, *_others, _last = [DataExport.objects.create(user=ada) for _ in range(11)]
    listed = [
        each["id"] for each in App(ada).data("{ viewer { dataExports { id } } }")["viewer"]["dataExports"]
    ]
    assert len(listed) == 10
    assert all(node(App(ada), key)["__typename"] == "DataExport" for key in listed)
    assert node(App(ada), global_id("DataExport", first.pk)) is None
    assert node(App(ben), listed[0]) is None


def test_the_viewer_is_themselves_alone(ada, ben):
    app = App(ada)
    key = app.data("{ viewer { id } }")["viewer"]["id"]
    ask = "query ($id: ID!) { node(id: $id) { ... on Viewer { profile { handle } friends { edges { node { handle } } } } } }"
    friends = [{"node": {"handle": "ben"}}]
    assert app.data(ask, id=key)["node"] == {"profile": {"handle": "ada"}, "friends": {"edges": friends}}
    assert node(App(ben), key) is node(App(), key) is None


def test_by_its_id_the_viewer_tells_a_token_no_more_than_its_scopes(ada):
    key = App(ada).data("{ viewer { id } }")["viewer"]["id"]
    app = App()
    app.headers["Authorization"] = f"Bearer {token_issue(user=ada, scopes=[DeviceScope.DISCOVER])}"
    assert node(app, key)["id"] == key
    ask = "query ($id: ID!) { node(id: $id) { ... on Viewer { listens { edges { node { id } } } } } }"
    assert app.code(ask, id=key) == "INSUFFICIENT_SCOPE"
    assert (
        app.code(NODE, id=global_id("DataExport", DataExport.objects.create(user=ada).pk))
        == "INSUFFICIENT_SCOPE"
    )


def test_an_id_of_a_random_key_leads_back_to_it():
    for key in (DataExport().pk for _ in range(50)):
        least, largest = uuids_of(node_id(global_id("DataExport", key), "DataExport"))
        assert least <= key <= largest
        assert largest.int - least.int == 2**65 - 1
