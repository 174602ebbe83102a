"""A real Chromium before real web processes, with a real worker behind them."""

import base64
import functools
import os
import shutil
import subprocess
import sys
import uuid
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.conf import settings as django_settings
from django.db import connection

from discovery.embedded.process import child_start, child_stop, last_lines
from discovery.embedded.redis import RedisServer
from discovery.platform.redis import redis_socket
from graph.models import Track
from graph.serving.channels import Channel
from graph.training import publish
from graph.training.lease import lease_claim
from tests import factories
from tests.discovery.realtime.conftest import answers, free_port
from tests.graph.small_artifact import PLAIN, write_artifact
from tests.graph.training.test_promotion import measured
from tests.processes import wait_for
from tests.web.person import DESKTOP, PASSWORD, Person

FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --disable-dev-shm-usage --no-proxy-server "
    "--force-prefers-reduced-motion --hide-scrollbars"
)
SCREENSHOTS = Path(__file__).parents[2] / "var" / "screenshots"


@pytest.fixture(scope="session")
def chromium():
    """Paths of the browser and its driver; skips where there is none."""
    pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
    tools = SimpleNamespace(browser=shutil.which("chromium"), driver=shutil.which("chromedriver"))
    if not (tools.browser and tools.driver):
        pytest.skip("no chromium and chromedriver on this machine")
    return tools


@pytest.fixture(scope="session")
def axe(tmp_path_factory):
    """The source of axe-core; None, with a warning in the report, where npm cannot install it."""
    folder = tmp_path_factory.mktemp("axe")
    shutil.copy(Path(__file__).parent / "package.json", folder)
    if shutil.which("npm") is None:
        return None
    done = subprocess.run(
        ["npm", "install", "--silent", "--no-audit", "--no-fund", "--no-package-lock", "--prefer-offline"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        print(f"npm could not install axe-core: {done.stderr.strip()[-300:]}")
        return None
    return (folder / "node_modules/axe-core/axe.min.js").read_text()


@pytest.fixture(scope="session")
def site(chromium, django_db_setup, django_db_blocker, tmp_path_factory):
    """A worker over the test's database, and as many web processes as are asked for: ``site.origin(0)``."""
    if connection.vendor != "postgresql":
        pytest.skip("other processes cannot see a test database in memory")
    home = tmp_path_factory.mktemp("site")
    database = f"{os.environ['DATABASE_URL'].rpartition('/')[0]}/{connection.settings_dict['NAME']}"
    with ExitStack() as stack:
        redis = stack.enter_context(RedisServer(redis_socket(home), log=home / "redis.log"))
        environment = {
            "DATABASE_URL": database, "REDIS_URL": redis.url, "EARSHOT_HOME": str(home),
            "ARTIFACT_DIR": str(home / "models"), "SECRET_KEY": django_settings.SECRET_KEY,
            "SIGNING_KEY": django_settings.SIGNING_KEY, "OMP_NUM_THREADS": "1",
            "EMAIL_URL": f"filemail:///{home / 'mail'}",
            "LIBRARY_SERVERS": "loopback",
            "CORS_ORIGINS": (elsewhere := f"http://127.0.0.1:{free_port()}"),
        }  # fmt: skip

        children = {}

        def start(name, *command, **more):
            command = [sys.executable, "-m", *command]
            children[name] = child_start(command, log=home / f"{name}.log", environment=environment | more)
            stack.callback(child_stop, children[name])

        @functools.cache
        def origin(process, sign_up="open"):
            """Of a web process, started where it was not asked for before."""
            port = free_port()
            name, served = f"web{process}{sign_up}", "discovery.asgi:application"
            start(name, "uvicorn", served, "--port", str(port), SIGN_UP=sign_up)
            log = home / f"{name}.log"
            wait_for(lambda: answers(port), what=f"a web process:\n{last_lines(log)}")
            return f"http://127.0.0.1:{port}"

        start("worker", "celery", "-A", "tasks", "worker", "--pool", "solo", "--loglevel", "INFO")
        yield SimpleNamespace(
            home=home, origin=origin, redis=redis, elsewhere=elsewhere,
            stop=lambda process: child_stop(children[f"web{process}open"]),
        )  # fmt: skip


@pytest.fixture
def opens_browser(chromium, axe, monkeypatch, tmp_path):
    """``opens_browser(origin)``: somebody with a browser of their own, at this address."""
    from selenium import webdriver

    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)
    opened = []

    def open_(origin, *, language="en", flags=()):
        options = webdriver.ChromeOptions()
        options.binary_location = chromium.browser
        for flag in [
            *FLAGS.split(),
            *flags,
            f"--window-size={DESKTOP[0]},{DESKTOP[1]}",
            f"--lang={language}",
            f"--user-data-dir={tmp_path / f'chromium{len(opened)}'}",
        ]:
            options.add_argument(flag)
        preferences = {"intl.accept_languages": language, "download.default_directory": str(tmp_path)}
        options.add_experimental_option("prefs", preferences)
        options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
        browser = webdriver.Chrome(options=options, service=webdriver.ChromeService(chromium.driver))
        opened.append(browser)
        return Person(browser, origin, axe, keep)

    yield open_
    for browser in opened:
        browser.quit()


@pytest.fixture
def visit(site, opens_browser, transactional_db):
    """``visit()``: another person with a browser of their own, at web process ``process``."""

    def visit(*, process=0, language="en", sign_up="open", flags=()):
        return opens_browser(site.origin(process, sign_up), language=language, flags=flags)

    return visit


def keep(name, picture):
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    (SCREENSHOTS / name).write_bytes(base64.b64decode(picture))


@pytest.fixture
def world(site, settings, transactional_db):
    """The triangle of friends, each with a way of their own, and a model in which those ways lie apart.

    For Ada, at SOCIAL her friends' favorites come first; without friends, what is like her own plays.
    """
    settings.ARTIFACT_DIR = site.home / "models"
    triangle = factories.triangle_of_friends()
    for user in (triangle.ada, triangle.ben, triangle.cleo):
        user.set_password(PASSWORD)
        user.save()
    vectors = {triangle.common.pk: [0.5, 0.5, 0.5]}
    for way, (name, favorite) in enumerate(triangle.favorites.items()):
        axis = [float(way == axis_number) for axis_number in range(3)]
        vectors[favorite.pk] = axis
        for number, title in enumerate(TITLES[name]):
            near = [0.1 + 0.02 * number] * 3
            near[way] = 0.9 - 0.1 * number
            vectors[factories.track(title, by=factories.artist(ARTISTS[name])).pk] = near
    model_of(vectors)
    return triangle


def model_of(vectors):
    """What is recommended from now on: tracks, by key, where they lie; an artist as the first of their tracks."""
    made = dict(Track.objects.filter(pk__in=vectors).order_by("-pk").values_list("artist", "pk"))
    artists = {artist: vectors[track] for artist, track in made.items()}
    rules = {
        Channel.FRIEND: replace(PLAIN, identity=1.0),
        Channel.NEGATIVE: replace(PLAIN, gain=-1.0),
    }
    publish.model_publish(
        lease=lease_claim(key=str(uuid.uuid4()), holder="test"),
        write=lambda directory: write_artifact(
            directory, {"TRACK": vectors}, rules=rules, artists=artists
        ),
        data_hash="0" * 64, ledger_position=0, config={"seed": 7}, metrics=measured(0.2),
    )  # fmt: skip


ARTISTS = {"ada": "Nerloo Choir", "ben": "The Copper Engines", "cleo": "Vesna & Tides"}
TITLES = {
    "ada": ["Quiet Rivers", "Northern Stairs", "Borrowed Windows", "Winter Mirrors", "Seven Summers"],
    "ben": ["Hollow Signals", "Engines at Dawn"],
    "cleo": ["Salt and Static", "Low Tide"],
}
