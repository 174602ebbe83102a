"""Calendars with what they hold, written down by hand: (name, what stands in it, from, to, [(start, end, title) in UTC])."""

from tests.discovery.moments.made import DESCRIBED

ZONE = "Europe/Berlin"  # of the device


def event(*lines, uid="one", title="Run"):
    return "\n".join(["BEGIN:VEVENT", f"UID:{uid}", f"SUMMARY:{title}", *lines, "END:VEVENT", ""])


def weekly(*lines, start="20260302T180000", rule="FREQ=WEEKLY"):
    return event(
        f"DTSTART;TZID=Europe/Berlin:{start}",
        f"DTEND;TZID=Europe/Berlin:{start[:9]}190000",
        f"RRULE:{rule}",
        *lines,
    )


GOLDEN = [
    ("clocks go forward: the run stays at six", weekly(), "2026-03-22", "2026-04-07",
     [("03-23T17:00", "03-23T18:00", "Run"), ("03-30T16:00", "03-30T17:00", "Run"), ("04-06T16:00", "04-06T17:00", "Run")]),
    ("clocks go back", weekly(), "2026-10-18", "2026-10-27",
     [("10-19T16:00", "10-19T17:00", "Run"), ("10-26T17:00", "10-26T18:00", "Run")]),
    ("an hour that no clock shows", event("DTSTART;TZID=Europe/Berlin:20260328T023000", "DURATION:PT30M", "RRULE:FREQ=DAILY;COUNT=2"),
     "2026-03-28", "2026-03-30", [("03-28T01:30", "03-28T02:00", "Run"), ("03-29T01:00", "03-29T01:30", "Run")]),
    ("an hour that clocks show twice is the first one", event("DTSTART;TZID=Europe/Berlin:20261025T023000", "DURATION:PT15M"),
     "2026-10-24", "2026-10-26", [("10-25T00:30", "10-25T00:45", "Run")]),
    ("left out, added, moved and canceled", weekly("EXDATE;TZID=Europe/Berlin:20260309T180000", "RDATE;TZID=Europe/Berlin:20260311T180000")
     + event("RECURRENCE-ID;TZID=Europe/Berlin:20260316T180000", "DTSTART;TZID=Europe/Berlin:20260317T070000", "DURATION:PT1H", title="Early run")
     + event("RECURRENCE-ID;TZID=Europe/Berlin:20260323T180000", "DTSTART;TZID=Europe/Berlin:20260323T180000", "STATUS:CANCELLED"),
     "2026-03-01", "2026-03-30",
     [("03-02T17:00", "03-02T18:00", "Run"), ("03-11T17:00", "03-11T18:00", "Run"), ("03-17T06:00", "03-17T07:00", "Early run")]),
    ("all of it canceled", weekly("STATUS:CANCELLED"), "2026-03-01", "2026-03-30", []),
    ("a zone that the calendar describes", event("DTSTART;TZID=House clock:20260327T080000", "DTEND;TZID=House clock:20260327T090000", "RRULE:FREQ=DAILY;COUNT=4;BYDAY=MO,FR"),
     "2026-03-01", "2026-05-01", [("03-27T07:00", "03-27T08:00", "Run"), ("03-30T06:00", "03-30T07:00", "Run"), ("04-03T06:00", "04-03T07:00", "Run"), ("04-06T06:00", "04-06T07:00", "Run")]),
    ("in UTC, and floating", event("DTSTART:20260702T100000Z", "DTEND:20260702T110000Z") + event("DTSTART:20260703T100000", "DURATION:PT1H", uid="two"),
     "2026-07-01", "2026-07-05", [("07-02T10:00", "07-02T11:00", "Run"), ("07-03T08:00", "07-03T09:00", "Run")]),
    ("whole days, by the device's clock", event("DTSTART;VALUE=DATE:20260704", title="Trip") + event("DTSTART;VALUE=DATE:20260710", "DURATION:P2D", uid="two", title="Trip"),
     "2026-07-01", "2026-07-20", [("07-03T22:00", "07-04T22:00", "Trip"), ("07-09T22:00", "07-11T22:00", "Trip")]),
    ("the last Friday of each quarter's first month", weekly(start="20260130T180000", rule="FREQ=YEARLY;BYMONTH=1,4,7,10;BYDAY=-1FR"),
     "2026-01-01", "2027-01-01", [("01-30T17:00", "01-30T18:00", "Run"), ("04-24T16:00", "04-24T17:00", "Run"), ("07-31T16:00", "07-31T17:00", "Run"), ("10-30T17:00", "10-30T18:00", "Run")]),
    ("the last day of work of a month", weekly(start="20260130T180000", rule="FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1;COUNT=3"),
     "2026-01-01", "2027-01-01", [("01-30T17:00", "01-30T18:00", "Run"), ("02-27T17:00", "02-27T18:00", "Run"), ("03-31T16:00", "03-31T17:00", "Run")]),
    ("every other week, which begins on Sundays", event("DTSTART;TZID=Europe/Berlin:20260303T080000", "DURATION:PT1H", "RRULE:FREQ=WEEKLY;INTERVAL=2;WKST=SU;BYDAY=TU,SU;UNTIL=20260331T060000Z"),
     "2026-03-01", "2026-05-01", [("03-03T07:00", "03-03T08:00", "Run"), ("03-15T07:00", "03-15T08:00", "Run"), ("03-17T07:00", "03-17T08:00", "Run"), ("03-29T06:00", "03-29T07:00", "Run"), ("03-31T06:00", "03-31T07:00", "Run")]),
    ("folded lines and escapes", "BEGIN:VEVENT\nUID:1\nSUMMARY:Run\\, slow\\; wi\n th Ann\nDTSTART:20260702T100000Z\nDTEND:2026070\n\t2T110000Z\nEND:VEVENT\n",
     "2026-07-01", "2026-07-05", [("07-02T10:00", "07-02T11:00", "Run, slow; with Ann")]),
    ("a rule that nobody understands tells nothing", event("DTSTART:20260702T100000Z", "RRULE:FREQ=SECONDLY") + event("DTSTART:20260702T100000Z", "RRULE:FREQ=YEARLY;BYWEEKNO=27", uid="two"),
     "2026-07-01", "2026-07-05", []),
]  # fmt: skip


def calendar(within):
    """As a file holds it."""
    return f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//golden//EN\n{DESCRIBED}{within}END:VCALENDAR\n".replace(
        "\n", "\r\n"
    )
