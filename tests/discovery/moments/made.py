"""Calendars made by chance: series of every kind, with dates left out and added, moved and canceled events."""

from datetime import UTC, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr

from tests.discovery.moments.oracle import case

# As an organizer that knows no names would write it: the rules of the European Union.
DESCRIBED = """BEGIN:VTIMEZONE
TZID:House clock
BEGIN:DAYLIGHT
DTSTART:19810329T020000
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU
TZNAME:HCS
END:DAYLIGHT
BEGIN:STANDARD
DTSTART:19961027T030000
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
TZNAME:HCW
END:STANDARD
END:VTIMEZONE
"""
ZONES = ["Europe/Berlin", "America/New_York", "Australia/Sydney", "Asia/Kolkata", "House clock"]
CLOCKS = {"House clock": "Europe/Berlin"}
DAYS = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"]


def made(chance):
    """A calendar of a few series, and a window on it."""
    series = "".join(_series(chance, number) for number in range(chance.randint(1, 3)))
    begin = datetime(2025, 1, 1) + timedelta(days=chance.randint(0, 500))  # noqa: DTZ001  # what a clock shows
    text = f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//made//EN\n{DESCRIBED}{series}END:VCALENDAR\n"
    return case(text.replace("\n", "\r\n"), begin, begin + timedelta(days=chance.choice([1, 14, 90, 400])))


def _series(chance, number):
    zone = chance.choice([*ZONES, "UTC", "floating", "all day"])
    month, day = chance.choice([1, 3, 3, 7, 10, 10, 12]), timedelta(days=chance.randint(0, 30))
    start = datetime(2025, month, 1, chance.randint(0, 23), chance.choice([0, 30])) + day  # noqa: DTZ001  # the same
    if zone == "all day":
        start = start.replace(hour=0, minute=0)
    if (
        zone == "House clock"
    ):  # far from the hour that clocks leave out, where the oracle reads such zones otherwise
        start = start.replace(hour=9 + start.hour % 6)
    rule = _rule(chance, start, zone) if chance.random() < 0.85 else None
    walls = list(islice(rrulestr(_naive(rule), dtstart=start), 12)) if rule else [start]
    minutes = chance.choice([0, 25, 60, 600][: 3 if zone == "House clock" else 4])
    lasts = timedelta(days=chance.randint(1, 3)) if zone == "all day" else timedelta(minutes=minutes)
    end = f"DTEND{_at(zone, start + lasts)}" if chance.random() < 0.7 else f"DURATION:{_length(lasts)}"
    lines = [f"DTSTART{_at(zone, start)}", end]
    lines += [f"RRULE:{rule}"] if rule else []
    lines += [
        f"EXDATE{_at(zone, wall)}"
        for wall in chance.sample(walls, min(len(walls) // 4, chance.randint(0, 2)))
    ]
    lines += [f"RDATE{_at(zone, start + timedelta(days=chance.randint(1, 90)))}"] * (chance.random() < 0.3)
    events = [_event(number, f"Series {number}", lines)]
    for wall in chance.sample(walls[1:], min(len(walls) // 5, chance.randint(0, 2))):
        to = wall + timedelta(
            days=chance.randint(-2, 9), hours=0 if zone == "all day" else chance.randint(-6, 6)
        )
        lines = [
            f"RECURRENCE-ID{_at(zone, wall)}",
            f"DTSTART{_at(zone, to)}",
            f"DTEND{_at(zone, to + lasts)}",
        ]
        events.append(
            _event(number, f"Moved {number}", [*lines, *["STATUS:CANCELLED"] * (chance.random() < 0.4)])
        )
    return "".join(events)


def _event(number, summary, lines):
    return "\n".join(["BEGIN:VEVENT", f"UID:series-{number}", f"SUMMARY:{summary}", *lines, "END:VEVENT", ""])


def _at(zone, wall):
    match zone:
        case "all day":
            return f";VALUE=DATE:{wall:%Y%m%d}"
        case "floating":
            return f":{wall:%Y%m%dT%H%M%S}"
        case "UTC":
            return f":{wall:%Y%m%dT%H%M%S}Z"
        case _:
            return f";TZID={zone}:{wall:%Y%m%dT%H%M%S}"


def _length(lasts):
    minutes = lasts.seconds // 60
    return f"P{lasts.days}D" + (f"T{minutes}M" if minutes or not lasts.days else "")


def _rule(chance, start, zone):
    every = chance.choice(["DAILY", "WEEKLY", "MONTHLY", "YEARLY"])
    parts = [f"FREQ={every}"]
    if chance.random() < 0.4:
        parts.append(f"INTERVAL={chance.randint(2, 4)}")
    match every:
        case "DAILY" if chance.random() < 0.3:
            parts.append(f"BYDAY={_days(chance)}")
        case "WEEKLY" if chance.random() < 0.7:
            parts.append(f"BYDAY={_days(chance)}")
            parts += [f"WKST={chance.choice(DAYS)}"] * (chance.random() < 0.4)
        case "MONTHLY" | "YEARLY":
            parts += _within(chance)
    if every in {"DAILY", "YEARLY"} and chance.random() < 0.4:
        parts.append("BYMONTH=" + ",".join(str(month) for month in sorted(chance.sample(range(1, 13), 3))))
    ends = chance.random()
    if ends < 0.3:
        parts.append(f"COUNT={chance.randint(1, 15)}")
    elif ends < 0.6:
        parts.append(f"UNTIL={_until(zone, start + timedelta(days=chance.randint(0, 500)))}")
    return ";".join(parts)


def _within(chance):
    """Which days of a month or a year."""
    way = chance.random()
    if way < 0.3:
        return [f"BYDAY={chance.choice([1, 2, 3, 4, -1, -2])}{chance.choice(DAYS)}"]
    if way < 0.5:
        return [f"BYMONTHDAY={chance.choice(['1', '15,31', '-1', '29,-3', '13'])}"]
    if way < 0.65:
        return [f"BYDAY={_days(chance)}", f"BYSETPOS={chance.choice(['1', '-1', '2,-2'])}"]
    return ["BYDAY=FR", "BYMONTHDAY=13"] if way < 0.7 else []


def _days(chance):
    return ",".join(sorted(chance.sample(DAYS, chance.randint(1, 4)), key=DAYS.index))


def _until(zone, wall):
    match zone:
        case "all day":
            return f"{wall:%Y%m%d}"
        case "floating":
            return f"{wall:%Y%m%dT%H%M%S}"
        case "UTC":
            return f"{wall:%Y%m%dT%H%M%S}Z"
        case _:
            at = wall.replace(tzinfo=ZoneInfo(CLOCKS.get(zone, zone)))
            return f"{at.astimezone(UTC):%Y%m%dT%H%M%S}Z"


def _naive(rule):
    """For a clock alone; what ends a day too late or too early is of no matter here."""
    return ";".join(part.removesuffix("Z") for part in rule.split(";"))
