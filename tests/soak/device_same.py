"""Does a phone rank as the server does? Counted in a real Chromium whose server is gone, on an installation with data and a model.

``EARSHOT_HOME=DIR python -m tests.soak.device_same [--listeners 200] [--first 100] [--json FILE]``
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import requests

OFFLINE = {"offline": True, "latency": 0, "downloadThroughput": 0, "uploadThroughput": 0}
ASKED = """query($kind: ItemKind!, $first: Int!, $variety: Float) { viewer { discover(kind: $kind, first: $first, level: OWN, variety: $variety) {
  level edges { node { item { ... on Artist { id } ... on Track { id } } score remainder
    reasons { kind text share contribution evidence { id } } } } } } }"""

# The page's own modules, asked as the page asks them; nothing of it goes over the network.
RANKED = """
const [kinds, kind, count, done] = arguments;
(async () => {
  const { ask } = await import("/static/discovery/device/client.js");
  const { wording } = await import("/static/discovery/device/wording.js");
  const sentence = wording(window);
  await ask("replaced", kinds);
  const begun = performance.now();
  const { items, milliseconds } = await ask("discover", { kind, count });
  const whole = performance.now() - begun;
  return { milliseconds, whole, items: items.map(({ id, score, remainder, reasons }) => ({ id, score, remainder,
    reasons: reasons.map((one) => ({ kind: one.kind, text: sentence(one), share: one.share, contribution: one.contribution, evidence: one.evidence })) })) };
})().then(done, (error) => done({ failed: error.code ?? error.message }));
"""


def differences(
    server: list[dict[str, Any]], phone: list[dict[str, Any]], *, within: float = 1e-6
) -> list[str]:
    """What the two lists of one listener do not have in common, in words."""
    found = []
    if [one["id"] for one in server] != [one["id"] for one in phone]:
        place = next(
            (n for n, (a, b) in enumerate(zip(server, phone, strict=False)) if a["id"] != b["id"]), "end"
        )
        return [f"order, from place {place}: {len(server)} and {len(phone)} items"]
    for place, (one, other) in enumerate(zip(server, phone, strict=True)):
        if any(abs(one[name] - other[name]) > within for name in ("score", "remainder")):
            found.append(f"{place}: score {one['score']} and {other['score']}")
        if len(one["reasons"]) != len(other["reasons"]):
            found.append(f"{place}: {len(one['reasons'])} and {len(other['reasons'])} reasons")
            continue
        for reason, its in zip(one["reasons"], other["reasons"], strict=True):
            same = all(reason[name] == its[name] for name in ("kind", "text", "evidence"))
            near = all(abs(reason[name] - its[name]) <= within for name in ("share", "contribution"))
            if not (same and near):
                found.append(f"{place}: {reason} and {its}")
    return found


def asked_of(answer: dict[str, Any]) -> list[dict[str, Any]]:
    """The server's answer in the form of the phone's."""
    edges = answer["data"]["viewer"]["discover"]["edges"]
    return [
        {
            "id": node["item"]["id"], "score": node["score"], "remainder": node["remainder"],
            "reasons": [{**reason, "evidence": [one["id"] for one in reason["evidence"]]} for reason in node["reasons"]],
        }
        for node in (edge["node"] for edge in edges)
    ]  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--listeners", type=int, default=200)
    parser.add_argument("--first", type=int, default=100)
    parser.add_argument("--kind", default="ARTIST", choices=("ARTIST", "TRACK"))
    parser.add_argument("--language", default="en")
    parser.add_argument(
        "--variety", type=float, help="0: also of people who are taken for a kind of listener"
    )
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "discovery.settings")
    import django

    django.setup()
    with ExitStack() as stack:
        report = _measured(options, stack)
    text = json.dumps(report, indent=1, ensure_ascii=False)
    print(text)
    if options.json:
        options.json.write_text(text + "\n", encoding="utf-8")
    return 1 if report["different"] else 0


def _measured(options: argparse.Namespace, stack: ExitStack) -> dict[str, Any]:
    from django.db.models import Q

    from accounts.models import User

    home = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    site = Site(home, stack)
    played = Q(artist_play_counts__isnull=False) | Q(listens__isnull=False)
    listeners = list(User.objects.filter(played).distinct().order_by("pk")[: options.listeners])
    server, histories = [], []
    for user in listeners:
        answer, kinds = site.asked(user, options)
        server.append(asked_of(answer))
        histories.append(kinds)
    told, size = site.manifest(listeners[0])
    browser = stack.enter_context(_chromium(home, options.language))
    fetching = _fetched(browser, site, listeners[0])
    different: dict[int, list[str]] = {}
    times, whole = [], []
    for user, wanted, kinds in zip(listeners, server, histories, strict=True):
        got = browser.execute_async_script(RANKED, kinds, options.kind, options.first)
        if "failed" in got:
            raise SystemExit(f"the device refused: {got['failed']}")
        times.append(got["milliseconds"])
        whole.append(got["whole"])
        if found := differences(wanted, got["items"]):
            different[user.pk] = found[:3]
    return {
        "listeners": len(listeners), "first": options.first, "kind": options.kind, "language": options.language,
        "items ranked": sum(map(len, server)),
        "reasons": sum(len(one["reasons"]) for items in server for one in items),
        "different": different, "browser": browser.capabilities["browserVersion"],
        "bundle bytes": told["bytes"] + size, "items in it": told["views"][options.kind]["held"],
        "seconds to fetch and open": round(fetching, 2),
        "ms a ranking": _figures(times), "ms with reading and telling": _figures(whole),
    }  # fmt: skip


class Site:
    """A web process over the installation of ``EARSHOT_HOME``, until it is stopped."""

    def __init__(self, home: Path, stack: ExitStack) -> None:
        from django.conf import settings

        from discovery.embedded.process import child_start, child_stop
        from discovery.embedded.redis import RedisServer
        from discovery.platform.redis import redis_socket
        from tests.discovery.realtime.conftest import answers, free_port
        from tests.processes import wait_for

        redis = stack.enter_context(RedisServer(redis_socket(home), log=home / "redis.log"))
        port = free_port()
        environment = {
            "REDIS_URL": redis.url, "RATE_ADDRESS": "", "RATE_VIEWER": "", "SECRET_KEY": settings.SECRET_KEY,
            "SIGNING_KEY": settings.SIGNING_KEY, "OMP_NUM_THREADS": "1",
        }  # fmt: skip
        command = [sys.executable, "-m", "uvicorn", "discovery.asgi:application", "--port", str(port)]
        web = child_start(command, log=home / "web.log", environment=environment)
        stack.callback(child_stop, web)
        wait_for(lambda: answers(port), what="a web process")
        self.origin = f"http://127.0.0.1:{port}"
        self._stopped = lambda: child_stop(web) or wait_for(lambda: not answers(port), what="no server")

    def asked(self, user: Any, options: argparse.Namespace) -> tuple[dict[str, Any], dict[str, Any]]:
        """The server's list for somebody, and what their device takes along."""
        headers = self._headers(user) | {"Accept-Language": options.language}
        body: Any = {
            "query": ASKED,
            "variables": {"kind": options.kind, "first": options.first, "variety": options.variety},
        }
        answer = requests.post(f"{self.origin}/graphql/", json=body, headers=headers, timeout=60).json()
        own = requests.get(f"{self.origin}/device/own", headers=headers, timeout=60).json()
        return answer, own["kinds"]

    def manifest(self, user: Any) -> tuple[dict[str, Any], int]:
        """What the bundle says, and how large it is itself."""
        answer = requests.get(f"{self.origin}/device/bundle", headers=self._headers(user), timeout=60)
        return json.loads(answer.json()["manifest"]), len(answer.content)

    def stop(self) -> None:
        """And nobody is there any more to be asked."""
        self._stopped()

    def _headers(self, user: Any) -> dict[str, str]:
        from accounts.models import DeviceScope
        from accounts.services.token import token_issue

        secret = token_issue(user=user, scopes=list(DeviceScope), lifetime=timedelta(days=1))
        return {"Authorization": f"Bearer {secret}"}


def _fetched(browser: Any, site: Site, user: Any) -> float:
    """Seconds until the device's page holds the pack and has ranked once; then the network is off, and the server gone."""
    from tests.web.person import PASSWORD, Person

    user.set_password(PASSWORD)
    user.save(update_fields=["password"])
    person = Person(browser, site.origin)
    person.opens("/privacy/", name=user.username)
    begun = time.perf_counter()
    person.opens("/device/")
    person.until(lambda: person.find("main[data-ready]"), "the device's page")
    seconds = time.perf_counter() - begun
    if said := person.text("#said"):
        raise SystemExit(f"the device says: {said}")
    browser.set_script_timeout(120)
    browser.execute_cdp_cmd("Network.enable", {})
    browser.execute_cdp_cmd("Network.emulateNetworkConditions", OFFLINE)
    site.stop()
    return seconds


def _figures(times: list[float]) -> dict[str, float]:
    return {
        "median": _round(statistics.median(times)), "p95": _round(statistics.quantiles(times, n=20)[-1]), "most": _round(max(times)),
    }  # fmt: skip


def _round(value: float) -> float:
    return round(value, 2)


def _chromium(home: Path, language: str) -> Any:
    import shutil

    from selenium import webdriver

    from tests.web.conftest import FLAGS

    options = webdriver.ChromeOptions()
    options.binary_location = str(shutil.which("chromium"))
    for flag in [*FLAGS.split(), f"--lang={language}", f"--user-data-dir={home / 'chromium'}"]:
        options.add_argument(flag)
    options.add_experimental_option("prefs", {"intl.accept_languages": language})
    return webdriver.Chrome(
        options=options, service=webdriver.ChromeService(str(shutil.which("chromedriver")))
    )


if __name__ == "__main__":
    sys.exit(main())
