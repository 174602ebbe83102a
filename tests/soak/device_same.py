"""Does a phone rank as the server does? Counted in a real Chromium whose server is gone, on an installation with data and a model.

``EARSHOT_HOME=DIR python -m tests.soak.device_same [--listeners 200] [--first 100] [--json FILE]``
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

ASKED = """query($kind: ItemKind!, $first: Int!) { viewer { discover(kind: $kind, first: $first, level: OWN) {
  level edges { node { item { ... on Artist { id } ... on Track { id } } score remainder
    reasons { kind text share contribution evidence { id } } } } } } }"""

# The page's own modules, asked as the page asks them; nothing of it goes over the network.
RANKED = """
const [kinds, kind, count, done] = arguments;
(async () => {
  const { ask } = await import("/static/discovery/device/client.js");
  const { wording } = await import("/static/discovery/device/wording.js");
  const sentence = wording(window);
  await ask("moved", kinds);
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
    parser.add_argument("--language", default="en")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "discovery.settings")
    import django

    django.setup()
    with ExitStack() as stack:
        report = _measured(options, stack)
    print(json.dumps(report, indent=1, ensure_ascii=False))
    if options.json:
        options.json.write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return 1 if report["different"] else 0


def _measured(options: argparse.Namespace, stack: ExitStack) -> dict[str, Any]:
    import tempfile

    import requests
    from django.conf import settings

    from accounts.models import DeviceScope, User
    from accounts.services.token import token_issue
    from discovery.embedded.process import child_start, child_stop
    from discovery.embedded.redis import RedisServer
    from discovery.platform.redis import redis_socket
    from tests.discovery.realtime.conftest import answers, free_port
    from tests.processes import wait_for

    home = Path(stack.enter_context(tempfile.TemporaryDirectory()))
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
    origin = f"http://127.0.0.1:{port}"
    listeners = list(
        User.objects.filter(artist_play_counts__isnull=False).distinct().order_by("pk")[: options.listeners]
    )
    kind = "ARTIST"
    server, histories = [], []
    for user in listeners:
        secret = token_issue(user=user, scopes=list(DeviceScope), lifetime=timedelta(days=1))
        headers = {"Authorization": f"Bearer {secret}", "Accept-Language": options.language}
        body = {"query": ASKED, "variables": {"kind": kind, "first": options.first}}
        answer = requests.post(f"{origin}/graphql/", json=body, headers=headers, timeout=60).json()
        server.append(asked_of(answer))
        histories.append(requests.get(f"{origin}/device/own", headers=headers, timeout=60).json()["kinds"])
    size = requests.get(f"{origin}/device/bundle", headers=headers, timeout=60)
    told = json.loads(size.json()["manifest"])
    first = listeners[0]
    first.set_password("fair winds 7")
    first.save(update_fields=["password"])
    browser = stack.enter_context(_chromium(home, options.language))
    from tests.web.person import Person

    person = Person(browser, origin)
    person.opens("/privacy/", name=first.username)
    begun = time.perf_counter()
    person.opens("/device/")
    person.until(lambda: person.find("main[data-ready]"), "the device's page")
    fetching = time.perf_counter() - begun
    assert person.text("#said") == "", person.text("#said")
    browser.set_script_timeout(120)
    browser.execute_cdp_cmd("Network.enable", {})
    browser.execute_cdp_cmd(
        "Network.emulateNetworkConditions",
        {"offline": True, "latency": 0, "downloadThroughput": 0, "uploadThroughput": 0},
    )
    child_stop(web)  # and nobody is there any more to be asked
    wait_for(lambda: not answers(port), what="no server")
    different, times, whole = {}, [], []
    for user, wanted, kinds in zip(listeners, server, histories, strict=True):
        got = browser.execute_async_script(RANKED, kinds, kind, options.first)
        if "failed" in got:
            raise SystemExit(f"the device refused: {got['failed']}")
        times.append(got["milliseconds"])
        whole.append(got["whole"])
        if found := differences(wanted, got["items"]):
            different[user.pk] = found[:3]
    return {
        "listeners": len(listeners), "first": options.first, "items ranked": sum(map(len, server)),
        "reasons": sum(len(one["reasons"]) for items in server for one in items),
        "different": different, "browser": browser.capabilities["browserVersion"],
        "bundle bytes": told["bytes"] + len(size.content), "items in it": told["views"][kind]["held"],
        "seconds to fetch and open": round(fetching, 2),
        "ms a ranking": {"median": _round(statistics.median(times)), "p95": _round(statistics.quantiles(times, n=20)[-1]), "most": _round(max(times))},
        "ms with reading and telling": {"median": _round(statistics.median(whole)), "p95": _round(statistics.quantiles(whole, n=20)[-1])},
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
