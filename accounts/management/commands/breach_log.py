"""The operator's log of breaches: add one, list them, note that the authority was told."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import QuerySet
from django.utils.dateparse import parse_datetime

from accounts.breaches import BreachEntry
from accounts.models import Purpose, User
from accounts.policies import permitting
from accounts.services.breach import Breach, breach_add, breach_list, breach_note
from discovery.platform.errors import Refusal


class Command(BaseCommand):
    help = "Keep the log of breaches. Whom one concerns sees it in their privacy settings at once."

    def add_arguments(self, parser: CommandParser) -> None:
        acts = parser.add_subparsers(dest="act", required=True)
        add = acts.add_parser("add", help="Log a breach.")
        add.add_argument("--what", required=True, help="What happened, in words for those it concerns.")
        add.add_argument(
            "--happened",
            required=True,
            type=moment,
            metavar="TIME",
            help="ISO 8601; UTC where it says no zone.",
        )
        add.add_argument(
            "--noticed", type=moment, metavar="TIME", help="When it was noticed; now where it is left out."
        )
        add.add_argument("--done", default="", help="What was done about it.")
        whom = add.add_mutually_exclusive_group()
        whom.add_argument("--everybody", action="store_true", help="It concerns everybody here.")
        whom.add_argument(
            "--granting", choices=Purpose.values, help="It concerns those who grant this purpose now."
        )
        whom.add_argument("--handles", nargs="+", help="It concerns these.")
        whom.add_argument(
            "--handles-file", type=Path, help="It concerns those in this file, one handle a line."
        )
        acts.add_parser("list", help="Every breach, with the authority's deadline.")
        notify = acts.add_parser("notify", help="Note that the authority was told, or what else was done.")
        notify.add_argument("breach", type=int)
        notify.add_argument("--text", required=True, help="What was said or done.")
        notify.add_argument("--at", type=moment, metavar="TIME", help="When; now where it is left out.")
        notify.add_argument(
            "--done", action="store_true", help="It is something done, not a word to the authority."
        )

    def handle(self, *, act: str, **options: Any) -> None:
        try:
            if act == "add":
                self._add(**options)
            elif act == "notify":
                self._notify(**options)
            else:
                self._list()
        except Refusal as refusal:
            raise CommandError(refusal.message) from refusal

    def _add(
        self, *, what: str, happened: datetime, noticed: datetime | None, done: str, **whom: Any
    ) -> None:
        people, concerns = _people(**whom)
        number = breach_add(
            what=what, happened_at=happened, noticed_at=noticed, done=done, people=people, concerns=concerns
        )
        (found,) = [breach for breach in breach_list() if breach.number == number]
        self._say(found)

    def _list(self) -> None:
        for breach in breach_list():
            self._say(breach)

    def _notify(self, *, breach: int, text: str, at: datetime | None, done: bool, **_: Any) -> None:
        kind = BreachEntry.Kind.DONE if done else BreachEntry.Kind.AUTHORITY
        breach_note(breach=breach, kind=kind, text=text, at=at)
        self._list()

    def _say(self, breach: Breach) -> None:
        told = breach.authority_told_at
        authority = (
            f"told {told:%Y-%m-%d %H:%M} UTC"
            if told
            else f"to be told until {breach.deadline:%Y-%m-%d %H:%M} UTC"
        )
        late = " LATE" if breach.is_late else ""
        self.stdout.write(f"{breach.number}  {breach.happened_at:%Y-%m-%d %H:%M}  {breach.what}")
        self.stdout.write(f"   concerns {breach.people} people ({breach.concerns or 'nobody named'})")
        for done in breach.done:
            self.stdout.write(f"   done: {done}")
        self.stdout.write(f"   authority: {authority}{late}")


def moment(text: str) -> datetime:
    """Raises ValueError, as argparse expects, for what is no time."""
    found = parse_datetime(text) or parse_datetime(f"{text}T00:00")
    if found is None:
        raise ValueError(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _people(
    *, everybody: bool, granting: str | None, handles: list[str] | None, handles_file: Path | None, **_: Any
) -> tuple[QuerySet[User] | None, str]:
    """Whom it concerns, and the same in words. Raises CommandError for handles that nobody has."""
    if everybody:
        return User.objects.filter(is_active=True), "everybody"
    if granting:
        return permitting(Purpose(granting)), f"who granted {granting}"
    if handles_file is not None:
        try:
            handles = handles_file.read_text(encoding="utf-8").split()
        except (OSError, ValueError) as error:
            raise CommandError(f"{handles_file} cannot be read: {error}") from error
    if not handles:
        return None, ""
    people = User.objects.filter(username__in=handles)
    if missing := set(handles) - set(people.values_list("username", flat=True)):
        raise CommandError(f"Nobody here is called {', '.join(sorted(missing))}.")
    return people, "by handle"
