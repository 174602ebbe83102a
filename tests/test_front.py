"""Health answers while every place is taken, what finds no place is told to come back, and privacy is told so last."""

import asyncio
import errno
import json

import httpx
import pytest
from django.conf import settings as django_settings
from django.core.handlers.asgi import ASGIHandler

from discovery import front, metrics
from discovery.front import LETS_GO, FrontDoor, _lets_go
from discovery.platform.gate import Gate, Shed
from discovery.platform.graphql.persisted import digest

DISCOVER = "{ viewer { discover { level } } }"
WITHDRAW = "mutation { setConsent(purpose: SELF, granted: false) { __typename } }"


class Busy:
    """A front door whose answers come when ``go`` is set."""

    def __init__(self, monkeypatch):
        self.go = asyncio.Event()

        async def answer(handler, scope, receive, send):
            await self.go.wait()
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b""})

        monkeypatch.setattr(metrics, "gates_watch", lambda _gates: None)
        monkeypatch.setattr(ASGIHandler, "__call__", answer)
        self.door = FrontDoor()
        transport = httpx.ASGITransport(self.door, client=("127.0.0.1", 1))
        self.client = httpx.AsyncClient(transport=transport, base_url="http://localhost")

    def ask(self, query):
        return asyncio.ensure_future(self.client.post("/graphql/", json={"query": query}))

    async def filled(self):
        """Two in work, one waits: that is all."""
        asked = [self.ask(DISCOVER) for _ in range(3)]
        await asyncio.sleep(0.1)
        assert self.door.gates["ordinary"].waiting == 1
        return asked


@pytest.fixture(autouse=True)
def _few_places(settings):
    settings.REQUESTS_AT_ONCE, settings.REQUESTS_WAITING = 2, 1


def test_health_waits_for_nobody(monkeypatch):
    async def scene():
        busy = Busy(monkeypatch)
        asked = await busy.filled()
        answer = await asyncio.wait_for(busy.client.get("/livez"), 0.5)
        head = await busy.client.head("/livez")
        posted = await busy.client.post("/livez")
        busy.go.set()
        await asyncio.gather(*asked)
        return answer, head, posted

    answer, head, posted = asyncio.run(scene())
    assert (answer.status_code, answer.json()["status"]) == (200, "ok")
    assert (head.status_code, head.content, posted.status_code) == (200, b"", 405)


def test_who_finds_no_place_is_told_to_come_back_and_nothing_is_done(monkeypatch):
    async def scene():
        busy = Busy(monkeypatch)
        asked = await busy.filled()
        shed, page = await busy.ask(DISCOVER), await busy.client.get("/music/")
        outward = asyncio.ensure_future(busy.client.get("/library/cover/x"))
        await asyncio.sleep(0.05)
        assert busy.door.gates["outward"].taken == 1  # has places of its own
        busy.go.set()
        return shed, page, [answer.status_code for answer in await asyncio.gather(*asked, outward)]

    shed, page, others = asyncio.run(scene())
    assert (shed.status_code, page.status_code, others) == (503, 503, [200, 200, 200, 200])
    assert int(shed.headers["retry-after"]) >= 1
    assert shed.json()["errors"][0]["extensions"]["code"] == "BUSY"
    assert "no-store" in shed.headers["cache-control"]


@pytest.mark.parametrize(
    ("query", "let_in"),
    [
        (WITHDRAW, True),
        ("mutation M { a: setConsent(purpose: SELF, granted: false) { x } revokeDevice(id: 1) { x } }", True),
        (WITHDRAW.replace("setConsent", "recordListens"), False),
        ("{ viewer { privacy { level } } } # setConsent", False),
        ("mutation { setConsent(purpose: SELF, granted: true) { x } createPlaylist(name: 1) { x } }", False),
        ("query setConsent { viewer { discover { level } } }", False),
        (WITHDRAW + DISCOVER, False),
        ("mutation { setConsent(", False),
        (WITHDRAW + " " * front.SNIFFED, False),
    ],
)
def test_what_somebody_allows_finds_a_place_where_nothing_else_does(monkeypatch, query, let_in):
    async def scene():
        busy = Busy(monkeypatch)
        asked = await busy.filled()
        answering = busy.ask(query)
        await asyncio.sleep(0.05)
        busy.go.set()
        await asyncio.gather(*asked)
        return (await answering).status_code

    assert asyncio.run(scene()) == (200 if let_in else 503)


@pytest.mark.parametrize(
    "named",
    [
        lambda digest: {"documentId": f"sha256:{digest}"},
        lambda digest: {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": digest}}},
    ],
)
def test_what_somebody_allows_finds_one_by_its_documents_id_too(settings, tmp_path, named):
    settings.PERSISTED_DOCUMENTS = str(tmp_path)
    for name, document in (("no", WITHDRAW), ("more", DISCOVER)):
        (tmp_path / f"{name}.graphql").write_text(document)
    bodies = [json.dumps(named(digest(text))).encode() for text in (WITHDRAW, DISCOVER, "{ unknown }")]
    assert [_lets_go("/graphql/", "POST", body) for body in bodies] == [True, False, False]
    assert not _lets_go("/graphql/", "POST", b'{"documentId": ["setConsent"]}')
    assert not _lets_go("/graphql/", "POST", b'["documentId"]')


@pytest.mark.parametrize("path", ["/1/submit-listens", "/accounts/login/", "/privacy/", "/imports/"])
def test_what_comes_in_slowly_keeps_no_place_of_others(monkeypatch, path):
    """Two would be all ordinary places there are, and two more the reserve's."""

    async def slowly():
        yield b"x" * (django_settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1)
        await asyncio.Event().wait()

    async def scene():
        busy = Busy(monkeypatch)

        async def read(handler, scope, receive, send):
            while (await receive()).get("more_body"):
                pass
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b""})

        monkeypatch.setattr(ASGIHandler, "__call__", read)
        asked = [asyncio.ensure_future(_posted(busy.door, path, slowly())) for _ in range(4)]
        await asyncio.sleep(0.05)
        taken = {name: gate.taken for name, gate in busy.door.gates.items()}
        others = [await busy.ask(DISCOVER), await busy.client.get("/privacy/exports/x")]
        for task in asked:
            task.cancel()
        return taken, [answer.status_code for answer in others]

    taken, others = asyncio.run(scene())
    assert taken == {"ordinary": 0, "outward": 0, "inward": 4, "privacy": 0}
    assert others == [200, 200]


async def _posted(door, path, pieces):
    """A body that comes in piece by piece; httpx's transport would wait for all of it."""

    async def receive():
        return {"type": "http.request", "body": await anext(pieces), "more_body": True}

    async def send(message):
        pass

    await door(
        {"type": "http", "method": "POST", "path": path, "query_string": b"", "headers": []}, receive, send
    )


@pytest.mark.parametrize(
    ("body", "asks"),
    [
        (json.dumps({"query": "mutation { connectLibrary(url: 1) { x } }"}).encode(), True),
        (rb'{"query": "mutation { connect\u004cibrary(url: 1) { x } }"}', True),
        (json.dumps({"query": "mutation { sendPlaylist(id: 1) { x } }"}).encode("utf-16"), True),
        (json.dumps({"query": "mutation { deletePlaylist(id: 1) { \u00e9 } }"}).encode(), False),
        (b'{"query": "\\u"', False),
        (b'["documentId"]', False),
    ],
)
def test_what_asks_music_servers_has_places_of_its_own(body, asks):
    assert front._asks_others(body) is asks


def test_one_address_is_not_the_whole_crowd(monkeypatch, settings):
    monkeypatch.setattr(front, "MOST_OF_ONE", 2)
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1

    async def scene():
        busy = Busy(monkeypatch)

        def ask(forwarded):
            return asyncio.ensure_future(busy.client.get("/music/", headers={"X-Forwarded-For": forwarded}))

        asked = [ask("192.0.2.1"), ask("198.51.100.9, 192.0.2.1"), ask("192.0.2.2")]
        await asyncio.sleep(0.05)
        third = await ask("203.0.113.5, 192.0.2.1")
        busy.go.set()
        others = [answer.status_code for answer in await asyncio.gather(*asked)]
        return third.status_code, others, (await ask("192.0.2.1")).status_code, busy.door._inside

    third, others, after, inside = asyncio.run(scene())
    assert (third, others, after) == (503, [200, 200, 200], 200)
    assert not inside


def test_privacy_is_turned_away_too_where_its_own_places_are_taken(monkeypatch):
    async def scene():
        busy = Busy(monkeypatch)
        asked = await busy.filled()
        reserve = [busy.ask(WITHDRAW) for _ in range(6)]
        await asyncio.sleep(0.05)
        last = await busy.ask(WITHDRAW)
        busy.go.set()
        return last.status_code, {answer.status_code for answer in await asyncio.gather(*asked, *reserve)}

    assert asyncio.run(scene()) == (503, {200})


def test_whose_address_is_no_words_is_told_to_come_back_as_well(monkeypatch):
    async def scene():
        busy = Busy(monkeypatch)
        asked = await busy.filled()
        sent = []

        async def receive():
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message):
            sent.append(message)

        scope = {"type": "http", "method": "GET", "path": "/music/", "query_string": b"q=\xff", "headers": []}
        await busy.door(scope, receive, send)
        busy.go.set()
        await asyncio.gather(*asked)
        return sent[0]["status"]

    assert asyncio.run(scene()) == 503


def test_what_lets_go_is_in_the_schema():
    from discovery.schema import schema

    fields = schema._schema.mutation_type.fields
    assert set(fields) >= LETS_GO
    assert {"setConsent", "withdrawAllConsent", "requestErasure"} <= LETS_GO


def test_nobody_waits_longer_than_said_and_a_place_comes_back():
    async def scene():
        gate = Gate(places=1, most_waiting=5, seconds=0.05)
        async with gate.place():
            with pytest.raises(Shed):
                async with gate.place():
                    pass
            given_up = asyncio.ensure_future(gate.place().__aenter__())
            await asyncio.sleep(0.01)
            given_up.cancel()
        async with gate.place():
            return gate.taken, gate.waiting, gate.shed

    assert asyncio.run(scene()) == (1, 0, 1)


class TestMetricsAreGuarded:
    def asked(self, *, client="127.0.0.1", **headers):
        async def ask():
            answers = []

            async def send(message):
                answers.append(message)

            told = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
            scope = {
                "type": "http",
                "path": "/metrics",
                "method": "GET",
                "headers": told,
                "client": (client, 1),
            }
            await front._answer(await front._metrics(scope), "GET", send)
            return answers[0]["status"]

        return asyncio.run(ask())

    @pytest.fixture(autouse=True)
    def _nothing_shared(self, monkeypatch):
        monkeypatch.setattr(metrics, "_told", lambda: b"")

    def test_without_a_token_for_this_machine_alone(self):
        assert django_settings.METRICS_TOKEN == ""
        assert self.asked() == 200
        assert self.asked(client="192.0.2.7") == 401
        assert self.asked(x_forwarded_for="192.0.2.7") == 401

    def test_with_a_token_for_whoever_has_it(self, settings):
        settings.METRICS_TOKEN = "s3cret"
        assert self.asked(client="192.0.2.7", authorization="Bearer s3cret") == 200
        assert self.asked(client="192.0.2.7", authorization="Bearer other") == 401
        assert self.asked() == 401


def asked_from(origin, language="en", method="POST", **headers):
    """What a browser hears that asks where no place is: for a page of ``origin``."""

    async def scene(monkeypatch):
        busy = Busy(monkeypatch)
        asked = await busy.filled()
        headers_ = {"Origin": origin, "Accept-Language": language, **headers}
        answer = await busy.client.request(method, "/graphql/", json={"query": DISCOVER}, headers=headers_)
        busy.go.set()
        await asyncio.gather(*asked)
        return answer

    with pytest.MonkeyPatch.context() as patch:
        return asyncio.run(scene(patch))


def test_an_app_of_another_origin_may_read_that_it_is_to_come_back(settings):
    settings.CORS_ALLOWED_ORIGINS = ["https://app.example"]
    shed = asked_from("https://app.example")
    assert (shed.status_code, shed.headers["access-control-allow-origin"]) == (503, "https://app.example")
    assert "retry-after" in shed.headers["access-control-expose-headers"]
    assert "origin" in shed.headers["vary"].lower()
    assert "access-control-allow-origin" not in asked_from("https://other.example").headers


def test_what_a_browser_asks_beforehand_finds_an_answer_where_nothing_else_does(settings):
    settings.CORS_ALLOWED_ORIGINS = ["https://app.example"]
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
    told = asked_from("https://app.example", method="OPTIONS", **asked)
    assert (told.status_code, told.headers["access-control-allow-origin"]) == (200, "https://app.example")
    assert "authorization" in told.headers["access-control-allow-headers"]
    assert (
        "access-control-allow-origin"
        not in asked_from("https://other.example", method="OPTIONS", **asked).headers
    )


def test_the_no_is_told_in_the_language_that_is_asked_for():
    german, english = (asked_from("", language).json()["errors"][0] for language in ("de", "fr"))
    assert "fragen zu viele" in german["message"]
    assert "Too many ask" in english["message"]
    assert german["extensions"] == english["extensions"] == {"code": "BUSY", "retryAfter": 2}


def test_a_body_that_finds_no_room_on_the_disk_is_told_so(monkeypatch):
    async def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    async def broken(*_):
        raise OSError(errno.EIO, "Input/output error")

    async def scene(answer):
        busy = Busy(monkeypatch)
        monkeypatch.setattr(ASGIHandler, "__call__", answer)
        return await busy.client.post("/imports/", content=b"x")

    told = asyncio.run(scene(full))
    assert (told.status_code, told.json()["errors"][0]["extensions"]["code"]) == (507, "STORAGE_FULL")
    with pytest.raises(OSError, match="Input/output"):
        asyncio.run(scene(broken))


def test_a_mutation_that_asks_for_nothing_has_no_place_of_the_reserve():
    asked = (
        '{"query": "mutation { withdrawAllConsent { __typename } }"}',
        '{"query": "mutation { } # withdrawAllConsent"}',
    )
    assert [_lets_go("/graphql/", "POST", body.encode()) for body in asked] == [True, False]
