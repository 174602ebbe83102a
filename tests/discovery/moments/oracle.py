"""Calendars read twice: by the page's own reader, in node, and by the Python package that many calendars are read with."""

import json
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

HERE = Path(__file__).parent
READER = HERE.parents[2] / "discovery/static/discovery/moments"


def node(folder, script, said):
    """What a script answers, run beside the page's modules."""
    if shutil.which("node") is None:
        pytest.skip("no node on this machine")
    shutil.copytree(READER, folder / "moments", dirs_exist_ok=True)
    (folder / "package.json").write_text('{"type": "module"}')
    shutil.copy(HERE / script, folder)
    done = subprocess.run(
        ["node", script], cwd=folder, input=json.dumps(said), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


def case(text, begin, end, zone="Europe/Berlin"):
    """A window of the time in this zone, as the reader is asked for it."""
    of = ZoneInfo(zone)
    first, last = (int(moment.replace(tzinfo=of).timestamp() * 1000) for moment in (begin, end))
    return {"text": text, "from": first, "to": last, "zone": zone}


def expected(asked):
    """The same by the oracle. It tells canceled events too, and floating times without a zone."""
    recurring_ical_events = pytest.importorskip("recurring_ical_events")
    icalendar = pytest.importorskip("icalendar")
    zone = ZoneInfo(asked["zone"])
    begin, end = (datetime.fromtimestamp(asked[name] / 1000, zone) for name in ("from", "to"))
    calendar = icalendar.Calendar.from_ical(asked["text"])
    day = timedelta(days=2)  # it compares what floats otherwise: the edges are ours to draw
    found = []
    for event in recurring_ical_events.of(calendar).between(begin - day, end + day):
        if str(event.get("STATUS", "")).upper() == "CANCELLED":
            continue
        first, last = sorted((_instant(event["DTSTART"].dt, zone), _instant(event["DTEND"].dt, zone)))
        if (last > asked["from"] or first == asked["from"]) and first < asked["to"]:
            found.append([first, last, str(event.get("SUMMARY", ""))])
    return sorted(found)


def _instant(moment, zone):
    if not isinstance(moment, datetime):
        moment = datetime(moment.year, moment.month, moment.day, tzinfo=zone)
    elif moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone)
    return int(moment.astimezone(UTC).timestamp() * 1000)
