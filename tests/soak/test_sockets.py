"""Many sockets on two processes: each event reaches everybody who may know of it, once, and nobody else.

The clients are npm's graphql-ws, in one Node process. ``EARSHOT_SOCKETS`` says how many; in the suite it is few.
Everybody is a friend of Zoe, who hides nothing. With Ada people stand differently, by turns of ten: friends,
strangers, blocked, not shared with, and friends who stop being so in the middle. Redis is killed and started again.
"""

import json
import os
import statistics
import subprocess
import time
from collections import Counter

import psutil
import pytest
from django.utils import timezone

from accounts.models import Purpose
from accounts.services.consent import consent_set
from accounts.services.friendship import block_create
from accounts.services.token import token_issue
from discovery.platform.events import publish, viewer_channel
from discovery.realtime.hub import LONGEST_WAIT
from graph.ingest.incoming import IncomingPlay
from graph.services.listening import listens_record
from tests import factories
from tests.discovery.realtime.conftest import live, processes  # noqa: F401  # fixtures
from tests.processes import wait_for

SOCKETS = int(os.environ.get("EARSHOT_SOCKETS", "40"))
EVENTS = 5 if SOCKETS >= 100 else 2  # of each kind in each part
EACH = 5 if SOCKETS >= 100 else 2  # sockets of one viewer
QUERY = "subscription { friendActivity { listener { handle } item { ... on Track { title } } } }"

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(240 + 2 * SOCKETS)]


class Audience:
    """The viewers, their sockets, and how each stands with Ada."""

    STANDING = (*["friend"] * 5, "stranger", "blocked", "kept out", "withdrawn", "parted")

    def __init__(self):
        self.ada, self.zoe = factories.sharer("ada"), factories.sharer("zoe")
        self.viewers = [factories.sharer(f"viewer{number}") for number in range(SOCKETS // EACH)]
        self.standing = [self.STANDING[number % 10] for number in range(len(self.viewers))]
        factories.befriended(self.zoe, *self.viewers)
        for viewer, standing in zip(self.viewers, self.standing, strict=True):
            if standing == "blocked":
                factories.blocked(self.ada, viewer)
            elif standing != "stranger":
                factories.befriended(self.ada, viewer)
            if standing == "kept out":
                self.keep_out(viewer)
        self.owner = [number // EACH for number in range(len(self.viewers) * EACH)]  # viewer by socket
        self.hearing = {"friend", "withdrawn", "parted"}

    def keep_out(self, viewer):
        consent_set(user=self.ada, purpose=Purpose.SOCIAL_OUT, granted=False, friend=viewer)

    def turn(self):
        """In the middle: some withdraw, some block, and from the next event on they are not told."""
        for viewer, standing in zip(self.viewers, self.standing, strict=True):
            if standing == "withdrawn":
                self.keep_out(viewer)
            elif standing == "parted":
                block_create(user=viewer, other=self.ada)
        self.hearing = {"friend"}

    def sockets(self, actor):
        """The sockets that may hear of ``actor`` now."""
        everybody = range(len(self.owner))
        return {n for n in everybody if actor == self.zoe or self.standing[self.owner[n]] in self.hearing}

    def outside(self):
        return [
            v for v, standing in zip(self.viewers, self.standing, strict=True) if standing not in self.hearing
        ]


class Listeners:
    """The Node process and what it wrote down."""

    def __init__(self, folder, config, output):
        self.output, self.read, self.rest = output, 0, ""
        self.heard: dict[str, Counter[int]] = {}  # by title: how often each socket heard it
        self.at: dict[tuple[str, int], float] = {}
        self.open, self.closed, self.errors = Counter(), Counter(), []
        output.touch()
        self.process = subprocess.Popen(
            ["node", "sockets.mjs", config, output],
            cwd=folder,
            stdin=subprocess.PIPE,
            env={key: value for key, value in os.environ.items() if not key.lower().endswith("_proxy")},
        )

    def look(self):
        with self.output.open() as lines:
            lines.seek(self.read)
            *whole, self.rest = (self.rest + lines.read()).split("\n")
            self.read = lines.tell()
        for line in whole:
            said = json.loads(line)
            client = said["client"]
            if "data" in said:
                title = said["data"]["friendActivity"]["item"]["title"]
                self.heard.setdefault(title, Counter())[client] += 1
                self.at.setdefault((title, client), said["at"])
            elif "open" in said:
                self.open[client] += 1
            elif "closed" in said:
                self.closed[said["closed"]] += 1
            else:
                self.errors.append(said)

    def have(self, title, sockets):
        self.look()
        return sockets <= set(self.heard.get(title, ()))

    def end(self):
        self.process.stdin.close()
        self.process.wait(30)


class Run:
    """Plays things, and remembers who was to hear of each and when."""

    def __init__(self, audience, listeners):
        self.audience, self.listeners = audience, listeners
        self.expected: dict[str, set[int]] = {}
        self.began: dict[str, float] = {}

    def play(self, actor, title, *, counts=True):
        track = factories.track(title)
        self.began[title] = 1000 * time.time()
        if counts:
            self.expected[title] = self.audience.sockets(actor)
        play = IncomingPlay(
            source="soak", source_id=title, track=track.pk, listened_at=timezone.now(), ms_played=200_000
        )
        done = listens_record(user=actor, plays=[play])
        assert done.stored == 1
        if actor == self.audience.ada:  # publish where it must not be heard
            listen = actor.listens.get(source_id=title)
            publish([viewer_channel(viewer.pk) for viewer in self.audience.outside()], {"listen": listen.pk})

    def arrive(self, title, seconds=60):
        wanted = self.expected[title]
        wait_for(
            lambda: self.listeners.have(title, wanted),
            seconds=seconds,
            what=f"{title} at {len(wanted)} sockets",
        )

    def part(self, name):
        """One after the other, each heard before the next, then some at once."""
        for number in range(EVENTS):
            for actor in (self.audience.ada, self.audience.zoe):
                title = f"{name} {actor.username} {number}"
                self.play(actor, title)
                self.arrive(title)
        burst = [f"{name} burst {number}" for number in range(EVENTS)]
        for title in burst:
            self.play(self.audience.ada, title)
        for title in burst:
            self.arrive(title)

    def everybody_listens(self, name):
        """Zoe plays until something of hers reached every socket."""
        everybody = self.audience.sockets(self.audience.zoe)
        for number in range(60):
            title = f"{name} {number}"
            self.play(self.audience.zoe, title, counts=False)
            until = time.monotonic() + 2
            while time.monotonic() < until:
                if self.listeners.have(title, everybody):
                    return
                time.sleep(0.05)
        raise AssertionError(
            f"{name}: not everybody hears; {self.listeners.closed} {self.listeners.errors[:3]}"
        )


def memory(pids):
    return [round(psutil.Process(pid).memory_info().rss / 2**20) for pid in pids]


def web_pids(ports):
    """The processes that listen on these ports."""
    listening = {c.laddr.port: c.pid for c in psutil.net_connections("tcp") if c.status == psutil.CONN_LISTEN}
    return [listening[port] for port in ports]


@pytest.fixture
def run(live, npm_clients, tmp_path):  # noqa: F811  # the fixture
    audience = Audience()
    urls = [f"ws://127.0.0.1:{port}/graphql/" for port in live.ports]
    clients = [
        {"url": urls[number % 2], "token": token_issue(user=audience.viewers[viewer])}
        for number, viewer in enumerate(audience.owner)
    ]
    config = tmp_path / "config.json"
    config.write_text(json.dumps({"query": QUERY, "clients": clients}))
    listeners = Listeners(npm_clients, config, tmp_path / "heard.jsonl")
    yield Run(audience, listeners)
    listeners.end()


def test_each_event_reaches_whoever_may_hear_it_once_and_nobody_else(run, live):  # noqa: F811
    pids = web_pids(live.ports)
    began = memory(pids)
    listeners = run.listeners
    run.everybody_listens("hello")
    opened = memory(pids)
    run.part("before")
    run.audience.turn()
    run.part("after")
    live.redis.child.kill()
    live.redis.child.wait()
    run.play(run.audience.ada, "unheard", counts=False)
    live.redis.start()
    restarted = time.time()
    run.everybody_listens("again")
    back = time.time() - restarted
    run.part("restarted")
    time.sleep(2 * LONGEST_WAIT)
    listeners.look()
    report(run, began, opened, memory(pids), back)

    assert listeners.errors == []
    for title, expected in run.expected.items():
        assert listeners.heard[title] == Counter(expected), title
    # What was played to find out whether everybody listens may have found somebody not yet listening.
    for title, heard in listeners.heard.items():
        assert title in run.expected or max(heard.values()) == 1, title
    # It waited in the outbox for Redis to come back: whoever listened by then heard it, once.
    assert max(listeners.heard.get("unheard", {0: 1}).values()) == 1


def report(run, began, opened, ended, back):
    heard = {title: run.listeners.heard.get(title, Counter()) for title in run.expected}
    expected = sum(len(sockets) for sockets in run.expected.values())
    delivered = sum(len(run.expected[title] & set(counts)) for title, counts in heard.items())
    leaked = sum(len(set(counts) - run.expected[title]) for title, counts in heard.items())
    twice = sum(sum(counts.values()) - len(counts) for counts in heard.values())
    delays = [at - run.began[title] for (title, _), at in run.listeners.at.items() if title in run.expected]
    cuts = statistics.quantiles(delays, n=100)
    print(
        f"{len(run.audience.owner)} sockets of {len(run.audience.viewers)} viewers on 2 processes, "
        f"{len(run.expected)} events: {delivered} of {expected} delivered, {twice} twice, {leaked} leaked; "
        f"delay median {cuts[49]:.0f} ms, p99 {cuts[98]:.0f} ms, longest {max(delays):.0f} ms; after Redis was "
        f"started again everybody heard within {back:.1f} s; connections opened {sum(run.listeners.open.values())}, "
        f"closed {dict(run.listeners.closed)}; memory by process, MB: {began} empty, {opened} open, {ended} at the end."
    )
