"""The state machine's imports: a data set of everybody, and a person's own export. What they bring is rolled back."""

from django.conf import settings
from django.db import connection, transaction
from hypothesis import strategies as st
from hypothesis.stateful import rule

from accounts import policies
from accounts.models import ConsentEvent, Friendship, PersonalizationLevel, Purpose, User
from accounts.services.consent import consent_set, level_set
from discovery.platform.errors import ImportFailed
from discovery.privacy.archive import Archive
from discovery.privacy.export_files import export_write
from discovery.privacy.restore import export_restore
from graph.importers.lastfm import lastfm_import
from graph.models import ArtistPlayCount, Listen
from tests import factories
from tests.privacy.acts import USED
from tests.privacy.served import served
from tests.privacy.together import NAMES, name_

IDS = {name: str(place) for place, name in enumerate(NAMES, start=1)}  # by name, in the data set
PAIRS = [(name, other) for place, name in enumerate(NAMES) for other in NAMES[place + 1 :]]
FILES = {
    "artists.dat": ["id\tname\turl\tpictureURL", "1\tImported\t\t"],
    "tags.dat": ["tagID\ttagValue", "1\timported"],
    "user_artists.dat": ["userID\tartistID\tweight", *(f"{number}\t1\t7" for number in IDS.values())],
    "user_friends.dat": ["userID\tfriendID", *(f"{IDS[name]}\t{IDS[other]}" for name, other in PAIRS)],
    "user_taggedartists.dat": ["userID\tartistID\ttagID\tday\tmonth\tyear", "1\t1\t1\t1\t4\t2009"],
}


class Imports:
    """Rules for a machine with ``oracle`` and ``user``, whose people have the ids of the data set."""

    @rule(assume=st.booleans())
    def import_what_lastfm_knows(self, assume):
        """Everybody of the data set plays one artist there, and all are friends."""
        with transaction.atomic():
            silent = [name for name in sorted(self.oracle.people) if not self.oracle.people[name].spoke]
            apart, chose = self._made_ready(silent)
            lastfm_import(folder=_folder(), assume_consent=assume)
            granted = {
                name: self._answered(name, assume=assume and name in silent[1:], chose=name in chose)
                for name in self.oracle.people
            }
            for name, purposes in granted.items():
                assert policies.granted_purposes(self.user(name)) == purposes, (
                    "8: silence alone is answered for"
                )
            kept = set(ArtistPlayCount.objects.values_list("user__username", flat=True))
            assert kept == {name for name in granted if Purpose.RECORD in granted[name]}, (
                "an import asks RECORD"
            )
            assert set(User.objects.values_list("username", flat=True)) == self.oracle.people.keys(), (
                "19: who was erased does not come back"
            )
            assert self._friends() == self.oracle.friends | (self._befriended_by_import() - apart), (
                "10: nor does a friendship that was ended, and none is across a block"
            )
            transaction.set_rollback(True)
        served.seen["an import assumes"] += assume
        served.seen["an import meets the erased"] += len(self.oracle.people) < len(NAMES)
        served.seen["an import meets the parted"] += bool(self.oracle.ended)

    def _made_ready(self, silent):
        """Of those who never spoke one says a single thing and one chooses a level; and two strangers are apart."""
        if silent:
            consent_set(user=self.user(silent[0]), purpose=Purpose.NAMED, granted=False)
        chose = silent[1:2]
        for name in chose:
            level_set(user=self.user(name), level=self.oracle.people[name].level)
        linked = self.oracle.friends | self.oracle.asked | self.oracle.ended
        strangers = [
            pair for pair in PAIRS if self.oracle.people.keys() >= {*pair} and frozenset(pair) not in linked
        ]
        for pair in strangers[:1]:
            if not self.oracle.apart(*pair):
                factories.blocked(*map(self.user, pair))
        return {frozenset(pair) for pair in strangers[:1]}, chose

    def _answered(self, name, *, assume, chose):
        person = self.oracle.people[name]
        if not assume:
            return person.granted
        level = person.level if chose or person.chose_level else PersonalizationLevel.SOCIAL
        assert self.user(name).level == level, "8: no level that was chosen is raised"
        return {*USED}

    def _befriended_by_import(self):
        people = self.oracle.people.keys()
        pairs = {frozenset(pair) for pair in PAIRS if people >= {*pair} and not self.oracle.apart(*pair)}
        return pairs - self.oracle.ended - self.oracle.asked

    def _friends(self):
        rows = Friendship.objects.filter(state=Friendship.State.ACCEPTED)
        return {frozenset(pair) for pair in rows.values_list("low__username", "high__username")}

    @rule(name=name_, recorded=st.booleans())
    def move_to_another_instance(self, name, recorded):
        """With their export, to where nobody knows them: as if this one had forgotten them altogether."""
        person = self.oracle.people.get(name)
        if person is None:
            return
        with transaction.atomic():
            user, granted = self.user(name), {*person.granted}
            if not recorded:
                consent_set(user=user, purpose=Purpose.RECORD, granted=False)
                granted.discard(Purpose.RECORD)
            path = self.exported(name)
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL session_replication_role = replica")  # past the ledger's triggers
                ConsentEvent.objects.filter(subject=user.pseudonym).delete()
                cursor.execute("SET LOCAL session_replication_role = DEFAULT")
            user.delete()
            moved, _stored = export_restore(path)
            plays = Listen.objects.filter(user=moved).count()
            kept = Purpose.RECORD in granted
            assert plays == (person.plays.total() if kept else 0), "an import asks RECORD"
            assert policies.granted_purposes(moved) == granted, "8: what was granted is, and nothing else"
            transaction.set_rollback(True)
        served.seen["moved " + ("with" if kept else "without") + " plays"] += person.plays.total() > 0

    def exported(self, name):
        """A file that ``name`` has of everything of theirs."""
        path = settings.EXPORT_DIR / "own.zip"
        path.unlink(missing_ok=True)
        with Archive(path) as archive:
            export_write(archive, self.user(name))
        return path

    def stays_away(self, path):
        """19: whoever was erased does not come back with their export."""
        try:
            export_restore(path)
        except ImportFailed:
            return
        raise AssertionError("19: no import brings back what was erased")


def _folder():
    folder = settings.EXPORT_DIR / "lastfm"
    if not folder.exists():
        folder.mkdir()
        for name, lines in FILES.items():
            (folder / name).write_text("".join(line + "\r\n" for line in lines), encoding="utf-8")
    return folder
