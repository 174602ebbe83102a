"""The pack as it is handed out: the same bytes for everybody, of what everybody may see, signed, and no older than a day."""

import base64
import gzip
import hashlib
import json
from datetime import datetime, timedelta

import numpy as np
import pytest
from django.conf import settings as django_settings
from django.test import Client

from accounts.signatures import public_key_text, signed, verify
from discovery.device import bundle as bundles
from discovery.device import pack as packs
from discovery.device.bundle import bundle_now, opened
from discovery.platform import clock
from graph.models import Artist, ItemKind, Standing
from tests import factories
from tests.api.client import App
from tests.discovery.device.beside import MODULES, node
from tests.discovery.small_index import small_index

pytestmark = pytest.mark.django_db


@pytest.fixture
def served(serve):
    """Five artists, of whom the model holds one back, and one is by now a few listeners' own."""
    keys = [factories.artist(f"Artist {n}").pk for n in range(5)]
    index = small_index(np.eye(5), ids=keys, prior=[0.5, 0.4, 0.3, 0.2, 0.1])
    index.open[1] = False
    Artist.objects.filter(pk=keys[2]).update(standing=Standing.LISTENERS)
    serve(ItemKind.ARTIST, index)
    return keys


@pytest.fixture
def ada():
    return App(factories.sharer("ada"))


def get(app, path, **headers):
    return app.client.get(path, headers=app.headers | headers)


def manifest(response):
    return json.loads(response.json()["manifest"])


def test_is_signed_and_holds_for_a_day(served, ada):
    response = get(ada, "/device/bundle")
    verify(response.json(), public_key_text(django_settings.SIGNING_KEY))
    said = manifest(response)
    made, expires = (datetime.fromisoformat(said[name]) for name in ("made", "expires"))
    assert made <= clock.now() < made + timedelta(hours=1)
    assert expires - made == timedelta(hours=24)


def test_holds_what_everybody_may_see_and_nothing_else(served, ada):
    said = manifest(get(ada, "/device/bundle"))["views"]["ARTIST"]
    assert (said["size"], said["held"]) == (5, 3)
    whole = b"".join(opened(part) for part in bundle_now().pack.parts.values())
    assert [f"Artist {n}".encode() in whole for n in range(5)] == [True, False, False, True, True]


def test_is_the_same_for_everybody_and_asks_for_nothing_of_anybody(served, ada):
    ben = App(factories.sharer("ben"), **{"Accept-Language": "de"})
    factories.listens(factories.listener("cleo"), factories.track())
    one, other = get(ada, "/device/bundle"), get(ben, "/device/bundle")
    assert one.content == other.content
    (digest, *_) = (part["sha256"] for part in manifest(one)["views"]["ARTIST"]["parts"])
    assert get(ada, f"/device/parts/{digest}").content == get(ben, f"/device/parts/{digest}").content
    assert get(ada, "/device/bundle?liked=rock").content == one.content


def test_what_somebody_has_is_not_sent_again(served, ada):
    first = get(ada, "/device/bundle")
    for tag in (first["ETag"], f"W/{first['ETag']}", f'"other", {first["ETag"]}'):
        again = get(ada, "/device/bundle", **{"If-None-Match": tag})
        assert (again.status_code, again.content) == (304, b"")
    assert get(ada, "/device/bundle", **{"If-None-Match": '"other"'}).status_code == 200


def test_a_part_is_what_its_name_says_zipped_or_not(served, ada):
    for part in manifest(get(ada, "/device/bundle"))["views"]["ARTIST"]["parts"]:
        path = f"/device/parts/{part['sha256']}"
        plain, zipped = get(ada, path), get(ada, path, **{"Accept-Encoding": "gzip"})
        assert hashlib.sha256(plain.content).hexdigest() == part["sha256"]
        assert len(plain.content) == part["bytes"]
        assert (zipped["Content-Encoding"], gzip.decompress(zipped.content)) == ("gzip", plain.content)
        assert "immutable" in plain["Cache-Control"]
        again = get(ada, path, **{"If-None-Match": zipped["ETag"], "Accept-Encoding": "gzip"})
        assert (again.status_code, again.content) == (304, b"")
    assert get(ada, f"/device/parts/{'0' * 64}").status_code == 404


def test_a_renamed_artist_changes_the_names_and_no_vector(served, ada, monkeypatch):
    before = {
        part["what"]: part["sha256"]
        for part in manifest(get(ada, "/device/bundle"))["views"]["ARTIST"]["parts"]
    }
    Artist.objects.filter(pk=served[0]).update(name="Another")
    assert get(ada, "/device/bundle").content, "the hour's bundle stays"
    later = clock.now() + timedelta(hours=1)
    monkeypatch.setattr(clock, "now", lambda: later)
    after = {
        part["what"]: part["sha256"]
        for part in manifest(get(ada, "/device/bundle"))["views"]["ARTIST"]["parts"]
    }
    assert after["vectors"] == before["vectors"]
    assert after["names"] != before["names"]
    old = get(ada, f"/device/parts/{before['names']}")
    assert old.status_code == 200, "what is on its way still arrives"
    monkeypatch.setattr(clock, "now", lambda: later + timedelta(hours=1))
    assert get(ada, f"/device/parts/{before['names']}").status_code == 404, "but not for ever"


def test_another_process_that_read_a_name_later_is_followed(served, ada, monkeypatch):
    get(ada, "/device/bundle")
    Artist.objects.filter(pk=served[0]).update(name="Another")
    theirs = packs.pack_of(bundles.served_model()[0].artifact)
    (digest,) = theirs.parts.keys() - bundle_now().pack.parts.keys()
    monkeypatch.setattr(bundles, "_looked", -bundles.AGAIN_SECONDS)
    assert get(ada, f"/device/parts/{digest}").status_code == 200
    assert get(ada, f"/device/parts/{'0' * 64}").status_code == 404, "and not again at once"


def test_the_most_popular_fit_where_not_all_do(served, ada, monkeypatch):
    monkeypatch.setattr(packs, "TIERS", (2,))
    whole = packs.pack_of(bundles.served_model()[0].artifact)
    assert [part["tier"] for part in whole.views["ARTIST"]["parts"]] == [0, 0, 1, 1]
    monkeypatch.setattr(packs, "MOST_BYTES", whole.bytes - 1)
    small = packs.pack_of(bundles.served_model()[0].artifact)
    assert [part["tier"] for part in small.views["ARTIST"]["parts"]] == [0, 0]
    assert small.rows["ARTIST"].tolist() == [0], "the most popular of those that everybody may see"
    assert small.bytes <= packs.MOST_BYTES


@pytest.mark.parametrize(
    "path", ["/device/bundle", f"/device/parts/{'0' * 64}", "/device/own", "/device/whose"]
)
def test_is_for_members(served, path):
    response = Client().get(path)
    assert (response.status_code, response.json()["errors"][0]["extensions"]["code"]) == (
        401,
        "SIGN_IN_REQUIRED",
    )


def test_without_a_model_there_is_nothing_to_hand_out(ada):
    response = get(ada, "/device/bundle")
    assert (response.status_code, response.json()["errors"][0]["extensions"]["code"]) == (
        503,
        "MODEL_UNAVAILABLE",
    )


def test_the_page_is_the_same_for_everybody(ada, client):
    client.force_login(factories.listener("ben"))
    pages = [Client().get("/device/").content, client.get("/device/").content]
    assert pages[0] == pages[1]
    assert b"ben" not in pages[1]


def test_the_worker_keeps_every_module_of_the_page(client):
    response = client.get("/device/service.js")
    assert response["Content-Type"].startswith("text/javascript")
    (listed,) = [line for line in response.content.decode().splitlines() if line.startswith("const MODULES")]
    assert set(json.loads(listed[listed.index("[") :].rstrip(";"))) == {
        path.stem for path in MODULES.glob("*.js")
    } - {"service"}


def test_the_device_refuses_what_is_old_forged_or_damaged(served, ada, tmp_path):
    document = get(ada, "/device/bundle").json()
    part = json.loads(document["manifest"])["views"]["ARTIST"]["parts"][0]
    blob = opened(bundle_now().pack.parts[part["sha256"]])
    said = json.loads(document["manifest"])
    later = datetime.fromisoformat(said["expires"]) + timedelta(hours=1)
    held_longer = json.dumps(said | {"expires": later.isoformat()})
    long = signed({"manifest": held_longer}, django_settings.SIGNING_KEY)
    found = node(
        tmp_path, "refused.mjs",
        {
            "document": document, "long": long, "part": part, "bytes": base64.b64encode(blob).decode(),
            "now": int(clock.now().timestamp() * 1000),
        },
    )  # fmt: skip
    assert found == {
        "good": "GOOD", "pinned": "GOOD", "another_key": "BUNDLE_FORGED", "changed": "BUNDLE_FORGED",
        "unsigned": "BUNDLE_FORGED", "tomorrow": "BUNDLE_EXPIRED", "early": "CLOCK_WRONG", "long": "BUNDLE_EXPIRED", "part": "GOOD",
        "damaged": "BUNDLE_DAMAGED", "shorter": "BUNDLE_DAMAGED", "hashes": True,
    }  # fmt: skip
