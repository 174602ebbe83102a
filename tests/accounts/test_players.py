"""The second secret of a device: told once, encrypted where it lies, exported to nobody, and no way around scopes."""

import pytest
from django.test import Client

from accounts.models import Device, DeviceScope, Purpose
from accounts.services.consent import consent_set
from accounts.services.player import player_find, player_of_session, player_secret, player_session
from accounts.services.token import token_create
from discovery.platform.graphql.node import global_id
from discovery.platform.secrets import signing_key_get_or_create
from tests import factories
from tests.accounts.test_devices import DEVICES, everything_stored
from tests.api.client import App
from tests.discovery.protocols.dialects import player_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada():
    return factories.sharer("ada")


def test_it_is_told_once_and_lies_encrypted(ada):
    player = player_of(ada)
    device = Device.objects.get(name="kitchen")
    assert player_secret(device) == player.secret
    assert player.secret not in everything_stored()
    assert len(player.secret) != 32  # it would be taken for an MD5 sum
    listed = App(ada).data(DEVICES.replace("secret", "secret isPlayer playerSecret"))["viewer"]["devices"]
    assert {line["playerSecret"] for line in listed} == {None}
    assert {line["name"]: line["isPlayer"] for line in listed} == {"kitchen": True, "command line": False}


def test_a_device_says_that_what_it_reports_is_not_kept_for_as_long_as_that_is_so(ada):
    player_of(ada)
    token_create(user=ada, name="scrobbler", scopes=[DeviceScope.PLAYS_WRITE])
    token_create(user=ada, name="reader", scopes=[DeviceScope.PLAYS_READ])
    browser = Client()
    browser.force_login(ada)
    app = App(ada)

    def dropping():
        lines = app.data("{ viewer { devices { name dropsPlays } } }")["viewer"]["devices"]
        assert len(lines) == 5
        return {line["name"] for line in lines if line["dropsPlays"]}

    assert dropping() == set()
    consent_set(user=ada, purpose=Purpose.RECORD, granted=False)
    assert dropping() == {"kitchen", "scrobbler", "command line"}
    kitchen = global_id("Device", Device.objects.get(name="kitchen").pk)
    one = "query ($id: ID!) { node(id: $id) { ... on Device { dropsPlays } } }"
    assert app.data(one, id=kitchen)["node"] == {"dropsPlays": True}
    consent_set(user=ada, purpose=Purpose.RECORD, granted=True)
    assert dropping() == set()
    assert app.data(one, id=kitchen)["node"] == {"dropsPlays": False}


def test_a_device_has_none_unless_it_is_for_a_player(ada):
    device, _secret = token_create(user=ada, name="script", scopes=[DeviceScope.PLAYS_WRITE])
    assert player_secret(device) is None
    assert player_find(handle="ada", knows=bool) is None
    assert player_of_session(player_session(device)) is None


def test_under_another_key_it_opens_nothing(ada, settings, tmp_path):
    player = player_of(ada)
    assert player_find(handle="ADA", knows=player.secret.__eq__) is not None
    settings.SIGNING_KEY = signing_key_get_or_create(tmp_path)
    assert player_find(handle="ada", knows=player.secret.__eq__) is None


def test_each_device_has_its_own(ada):
    one, other = player_of(ada, name="one"), player_of(ada, name="other")
    assert one.secret != other.secret
    assert player_find(handle="ada", knows=other.secret.__eq__).name == "other"
    assert player_find(handle="ben", knows=other.secret.__eq__) is None


def test_a_session_of_a_device_is_not_another_s_that_came_to_have_its_number(ada):
    player_of(ada)
    device = Device.objects.get(name="kitchen")
    word = player_session(device)
    assert player_of_session(word) == device
    for forged in ("", "nonsense", word[:-1], word + "x", word.replace(":", "")):
        assert player_of_session(forged) is None
    Device.objects.update(player_secret="another")
    assert player_of_session(word) is None
