"""Takes out one guard at a time and shows which test then fails: ``python -m tests.mutations [NUMBER …]``.

Works on a copy of the tree and writes a line a guard into tests/README.md; exit code 1 when a guard can
go and nothing fails.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from discovery.embedded.postgres import PostgresServer

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "tests" / "README.md"
# One step more than the suite takes: the state machine then says that something fails, and does not search for less.
NOT_SHRUNK = {"EARSHOT_STEPS": "2001"}
START, END = "<!-- mutations: start -->", "<!-- mutations: end -->"

PROMISES = "tests/privacy/test_promises.py"
MACHINE = "tests/privacy/test_invariants.py"
DEVICES, DELETIONS = "tests/accounts/test_devices.py", "tests/privacy/test_deletions.py"
INSTALLATIONS, HOSTILE = (
    "tests/graph/exchange/test_installations.py",
    "tests/graph/exchange/test_hostile_files.py",
)
SUMS, TRAVELS = "tests/graph/exchange/test_sums.py", "tests/graph/exchange/test_a_model_travels.py"
ROUNDS, BY_ROUNDS = "tests/graph/exchange/test_rounds.py", "tests/graph/exchange/test_round_commands.py"
BUNDLE, PROOFS = "tests/discovery/device/test_bundle.py", "tests/privacy/test_training_proofs.py"
SHARED = "tests/web/test_device_page.py"
ON_DEVICE, FEEDBACK = "tests/privacy/test_on_device.py", "tests/discovery/device/test_feedback.py"


@dataclass(frozen=True)
class Guard:
    """What stands between an invariant and its violation, what is put in its place, and what must notice."""

    invariant: int
    file: str
    old: str
    new: str
    test: str
    only: str = ""  # of these tests, those whose name holds this
    fresh: bool = False  # in a database made anew; the others share one


GUARDS = [
    Guard(1, "accounts/hearing.py", "        granting(Purpose.SOCIAL_OUT, viewer, now),\n", "", PROMISES, "test_1_"),
    Guard(1, "accounts/hearing.py", "(friend.source.named and friend.wanted)", "friend.source.named", PROMISES, "test_1_"),
    Guard(1, "accounts/hearing.py", "        befriended_with(viewer),\n        is_active=True,\n    ).exclude(blocked_with(viewer))\n",
          "        is_active=True,\n    ).exclude(blocked_with(viewer))\n", PROMISES, "test_1_"),
    Guard(2, "discovery/recommend/citing.py", " if source.named]", "]", PROMISES, "test_2_"),
    Guard(2, "accounts/hearing.py", "if len(company) < SMALLEST_FRIEND_COUNT:", "if False:", "tests/accounts/test_policies.py",
          "three_are_heard"),
    Guard(2, "accounts/hearing.py", "[] if silent or not all(friend.wanted for friend in unnamed) else unnamed", "[] if silent else unnamed", PROMISES, "test_2_"),
    Guard(2, "accounts/hearing.py", "[] if silent or not all(", "[] if not all(", "tests/accounts/test_friendship.py", "Company"),
    Guard(2, "accounts/hearing.py", "[friend for friend in company if not friend.late]", "company", "tests/accounts/test_friendship.py", "Company"),
    Guard(2, "accounts/services/friendship.py", "    unnamed_silence(viewer=user, friend=other)\n", "",
          "tests/accounts/test_friendship.py", "Company"),
    Guard(2, "accounts/services/consent.py", "            unnamed_silence(viewer=user, friend=friend)\n", "            pass\n",
          "tests/accounts/test_friendship.py", "Company"),
    Guard(2, "accounts/services/friendship.py", "unnamed_heard_from(row.low), unnamed_heard_from(row.high)", "0, 0",
          "tests/accounts/test_friendship.py", "Company"),
    Guard(2, "discovery/recommend/evidence.py", "self._in_company(rows, np.isin(self._user[rows], unnamed))", "np.ones(len(rows), bool)",
          "tests/discovery/recommend/test_evidence.py"),
    Guard(2, "discovery/radio/services.py", "source.user_id == seed_id and source.named", "source.user_id == seed_id",
          "tests/discovery/radio"),
    Guard(2, "discovery/privacy/preview.py", "(evidence.friend == thing.pk) & told", "(evidence.friend == thing.pk)", PROMISES, "test_2_"),
    Guard(2, "accounts/hearing.py", "_sharing_with(viewer, now).filter(granting(Purpose.NAMED, viewer, now))",
          "_sharing_with(viewer, now)", PROMISES, "test_2_"),
    Guard(3, "accounts/compiled_query.py", "    def rows(self, *asked", "    @__import__('functools').cache\n    def rows(self, *asked",
          PROMISES, "test_3_"),
    Guard(3, "discovery/platform/sqlite/base.py", "                cursor.close()", "                pass",
          "tests/discovery/platform/test_sqlite_connections.py", "left_open"),
    Guard(4, "accounts/services/ledger.py", "    _store(projections)\n", "", "tests/accounts/test_ledger.py"),
    Guard(5, "accounts/migrations/0001_squashed_0005_earlier_private_sessions.py", "        migrations.RunPython(ledger.guard, ledger.unguard),\n", "",
          "tests/accounts/test_ledger.py", fresh=True),
    Guard(5, "accounts/services/audit.py", "if event.hash != event_hash(event):", "if False:",
          "tests/accounts/test_ledger.py", fresh=True),
    Guard(5, "accounts/migrations/0006_squashed_0030_invitations.py", "        migrations.RunPython(ledger.guard, ledger.unguard),\n", "",
          "tests/accounts/test_ledger_head.py", "emptied", fresh=True),
    Guard(5, "accounts/services/head_audit.py", 'elif head["root"] != found["root"]:', "elif False:",
          "tests/accounts/test_ledger_head.py"),
    Guard(5, "accounts/services/ledger_retention.py", "if problems := list(ledger_verify()):", "if problems := []:",
          "tests/privacy/test_retention.py", "does_not_verify"),
    Guard(6, "accounts/conditions.py", "return granted & _ANSWERED_FOR if purpose in GUARDED else granted", "return granted",
          "tests/privacy/test_minors.py"),
    Guard(6, "accounts/services/consent.py", "if actor == ConsentActor.USER and not theirs_to_answer:", "if False:",
          "tests/privacy/test_minors.py"),
    Guard(6, "accounts/conditions.py", "(user_id, purpose, None), False)", "(user_id, purpose, None), True)",
          "tests/accounts/test_policies.py"),
    Guard(6, "accounts/conditions.py", "    return Q(state=ConsentState.GRANTED) &", "    return ~Q(state=ConsentState.DENIED) &",
          PROMISES, "test_6_"),
    Guard(7, "accounts/policies.py", "return permitting(Purpose.CONTRIBUTE)", "return User.objects.all()",
          "tests/graph/test_snapshot.py"),
    Guard(8, "accounts/policies.py", "[Purpose.SELF] if wanted >= PersonalizationLevel.OWN else []", "[Purpose.SELF]",
          PROMISES, "test_8_"),
    Guard(8, "accounts/policies.py", "if wanted >= PersonalizationLevel.SOCIAL:", "if wanted >= PersonalizationLevel.OWN:",
          PROMISES, "test_8_"),
    Guard(8, "accounts/policies.py", "own_level if level is None else min(PersonalizationLevel(level), own_level)",
          "own_level if level is None else PersonalizationLevel(level)", PROMISES, "test_8_"),
    Guard(9, "accounts/policies.py", "    return Q(near, is_active=True) & ~blocked_with(somebody)\n",
          "    return Q(near, is_active=True)\n", PROMISES, "test_9_"),
    Guard(9, "accounts/policies.py", "return friends_of(viewer).filter(granting(Purpose.DISCOVERABLE))",
          "return friends_of(viewer)", "tests/accounts/test_policies.py", "a_bridge_needs"),
    Guard(10, "accounts/services/friendship.py", 'changes=withdrawals(granted.select_related("user", "friend"))', "changes=[]",
          PROMISES, "test_10_"),
    Guard(11, "accounts/intake.py", "if policies.played_in_private(self.user, moment):", "if False:",
          "tests/privacy/test_private_session.py"),
    Guard(11, "accounts/intake.py", "        if self.private:\n", "        if False:\n",
          "tests/privacy/test_private_session.py"),
    Guard(11, "accounts/intake.py", " and not policies.in_private_session(user)", "",
          "tests/discovery/radio/test_private.py"),
    Guard(11, "accounts/intake.py", "return None if self.private else clock.now()", "return clock.now()",
          "tests/privacy/test_private_session.py"),
    Guard(11, "discovery/radio/store.py", "if radio.private and radio.private != private_session_of(user) else radio", "if False else radio",
          "tests/discovery/radio/test_private.py"),
    Guard(11, "discovery/radio/store.py", "radio.private != private_session_of(user)", "not private_session_of(user)",
          "tests/discovery/radio/test_private.py"),
    Guard(11, "accounts/policies.py", "return min(level, PersonalizationLevel.OWN) if in_private_session(user) else level", "return level",
          "tests/accounts/test_policies.py", "TestEffectiveUse or mutual_rule"),
    Guard(11, "accounts/pairs.py", "        and not in_private\n", "", "tests/accounts/test_policies.py", "mutual_rule"),
    Guard(11, "accounts/intake.py", "    if user.on_device_since is not None:\n", "    if False:\n", ON_DEVICE, "nothing_that_is_played"),
    Guard(11, "accounts/intake.py", " and user.on_device_since is None\n", "\n", ON_DEVICE, "nothing_that_is_played"),
    Guard(11, "accounts/intake.py", ".filter(on_device_since=None)", "", ON_DEVICE, "others_are_recorded"),
    Guard(11, "graph/services/deletion.py", "    listens_delete(user=user, everything=True)\n    deletion_follow(user=user, rows=rows", "    deletion_follow(user=user, rows=rows",
          ON_DEVICE, "switching_on"),
    Guard(11, "discovery/device/pack.py", "np.flatnonzero(index.open)", "np.arange(len(index))", "tests/discovery/device/test_bundle.py", "holds_what"),
    Guard(11, "discovery/device/pack.py", "if ref in nodes]", "]", "tests/discovery/device/test_bundle.py", "holds_what"),
    Guard(11, "discovery/device/feedback.py", "    if not policies.permits_feedback(act.user):\n", "    if False:\n", FEEDBACK, "refuses_where"),
    Guard(11, "accounts/policies.py", "_told_since(Purpose.FEEDBACK, FEEDBACK_TOLD_SINCE)", "permitting(Purpose.FEEDBACK)", FEEDBACK, "refuses_where"),
    Guard(11, "discovery/device/feedback.py", "answers__gte=policies.SMALLEST_AGGREGATE", "answers__gte=1", FEEDBACK, "tells_staff"),
    Guard(11, "discovery/device/feedback.py", "        day__lt=today, day__gte", "        day__gte", FEEDBACK, "tells_staff"),
    Guard(11, "discovery/static/discovery/device/feedback.js", "(chance / 2 ** 32 < TRUTH ? truth : !truth)", "truth", FEEDBACK, "stated_chance"),
    Guard(12, "discovery/recommend/evidence.py", "        gathered = gathered.where(~_about(gathered, excluded))\n", "        pass\n",
          "tests/discovery/recommend/test_evidence.py", "excludes"),
    Guard(12, "discovery/recommend/evidence.py", "        if not (k == KEY_ITEM and i in permitted.excluded.items)\n", "        if True\n",
          "tests/discovery/recommend/test_evidence.py", "excludes"),
    Guard(12, "discovery/recommend/evidence.py", "        and not (k == KEY_ARTIST and i in permitted.excluded.artists)\n", "",
          "tests/discovery/recommend/test_evidence.py", "excludes"),
    Guard(12, "discovery/radio/station.py", "if excluded is not None and seed in excluded.items:", "if False:",
          "tests/adversary/test_exclusions.py"),
    Guard(11, "discovery/radio/purge.py", "(person_purging, private_session_ended)", "(person_purging,)",
          "tests/discovery/radio/test_private.py"),
    Guard(12, "graph/histories.py", 'of_tracks=counted(track="track", artist="track__artist")', "of_tracks=Q()",
          "tests/privacy/test_exclusions.py"),
    Guard(12, "graph/snapshot.py", "HEARD, _COUNTED[ItemKind.TRACK], ", "HEARD, ",
          "tests/privacy/test_exclusions.py"),
    Guard(13, "accounts/policies.py", "return min(default, SMALLEST_AGGREGATE)", "return default", "tests/accounts/test_policies.py",
          "every_other_floor"),
    Guard(13, "graph/services/tags.py", "people__gte=policies.SMALLEST_AGGREGATE", "people__gte=1",
          "tests/graph/test_services.py"),
    Guard(13, "graph/training/communities.py", "if len(people) >= policies.SMALLEST_AGGREGATE:", "if people:",
          "tests/graph/training/test_communities.py"),
    Guard(13, "discovery/engagement/reports.py", "if int(who.sum()) < k:", "if not who.any():",
          "tests/discovery/engagement/test_engagement.py", "less_than_k"),
    Guard(13, "discovery/experiments/figures.py", "if _people(skipped, since.get(SKIPS)) >= least:", "if True:",
          "tests/discovery/experiments/test_attacks.py", "no_figure"),
    Guard(13, "discovery/experiments/report.py", "_told_until(experiment, at) if published else {}", "{}",
          "tests/discovery/experiments/test_attacks.py", "beside_one_another"),
    Guard(13, "discovery/engagement/told.py", "if rest == 0 or rest >= k:", "if True:",
          "tests/discovery/engagement/test_engagement.py", "told_or_left"),
    Guard(8, "discovery/segments/services.py", "if not effective_use(user, level).own or", "if",
          "tests/discovery/segments/test_segments.py", "does_not_count"),
    Guard(14, "accounts/middleware/gpc.py", 'if request.headers.get("Sec-GPC") == "1" and', "if False and",
          "tests/privacy/test_ends.py"),
    Guard(15, "accounts/services/consent.py", "ConsentState.WITHDRAWN) for purpose in Purpose]",
          "ConsentState.WITHDRAWN) for purpose in (Purpose.RECORD,)]", PROMISES, "test_15_"),
    Guard(15, "accounts/services/ledger.py", "change.friend is None and change.state in _NO", "False",
          "tests/accounts/test_consent.py", "a_general_no"),
    Guard(15, "accounts/services/ledger.py", " and (row is None or actor != ConsentActor.IMPORT)", "",
          "tests/accounts/test_consent.py", "single_answers"),
    Guard(16, "accounts/services/friendship.py", "    ledger_record(\n        changes=withdrawals(",
          "    granted.delete()\n    ledger_record(\n        changes=withdrawals(", PROMISES, "16_"),
    Guard(17, "accounts/services/consent.py", "    if not event:\n        return False\n", "    return False\n",
          "tests/accounts/test_consent.py"),
    Guard(18, "discovery/privacy/export_files.py", "nodes = nodes_shown(user, filter(None, map(of, batch)))",
          "nodes = {ref: __import__('accounts.presentation').presentation._kinds[ref.kind].model.objects.get(pk=ref.id)"
          " for ref in filter(None, map(of, batch))}", "tests/privacy/test_export.py"),
    Guard(19, "discovery/privacy/erasure.py", "    user.delete()\n", "", "tests/privacy/test_erasure.py",
          "nothing_of_the_person"),
    Guard(19, "graph/importers/lastfm_people.py", "set(external_ids) - erased_among(external_ids)", "set(external_ids)",
          "tests/privacy/test_erasure.py", "no_import_brings"),
    Guard(19, "discovery/privacy/erasure.py", "    if both:\n", "    if False:\n", "tests/privacy/test_erasure.py", "no_model_is"),
    Guard(20, "accounts/presentation.py", "return _rows(kind, ids, kind.visible_to(somebody))", "return _rows(kind, ids)",
          "tests/discovery/recommend/test_feed.py"),
    Guard(20, "accounts/presentation.py", 'filter(Among("pk", keys), kind.visible_to(person, now))', 'filter(Among("pk", keys))',
          "tests/accounts/test_compiled_query.py"),
    Guard(20, "accounts/presentation.py", "rows.filter(kind.visible_to(viewer))", "rows.all()", "tests/privacy/test_provenance.py"),
    Guard(20, "discovery/schema.py", "        ensure_shown(result, self.viewer_key", "        lambda *_: (result, self.viewer_key",
          "tests/proofs/test_every_answer_is_presented.py", "planted"),
    Guard(20, "accounts/presentation.py", "    _told({key: _of_others(key, draft.disclosures)})\n", "",
          "tests/privacy/test_disclosure.py"),
    Guard(3, "discovery/radio/station.py", "or stands(now.marks, sources_of(hearing.permitted))", "or True",
          "tests/privacy/test_provenance.py"),
    Guard(3, "discovery/room/lineup.py", "and stands(now.marks, tastes.sharers) else None", "else None",
          "tests/privacy/test_provenance.py"),
    # Rooms, radios, previews and imports, as the state machine lives in them.
    Guard(1, "accounts/groups.py", "if all(key in reached for", "if any(key in reached for", MACHINE),
    Guard(2, "accounts/groups.py", "for source in pairs.get(viewer, ()) if source.named}", "for source in pairs.get(viewer, ())}", MACHINE),
    Guard(2, "discovery/room/selectors.py", "for person in line.people if person[0] in self.named)", "for person in line.people)", MACHINE),
    Guard(2, "discovery/room/selectors.py", "self.queued.satisfaction.items() if key in self.named}", "self.queued.satisfaction.items()}",
          MACHINE),
    Guard(3, "discovery/room/services.py", "not stands(room.now_marks, shared_among(people))", "False", MACHINE),
    Guard(3, "discovery/radio/station.py", "marks = marks_of(sources_of(hearing.permitted))", "marks = ()", MACHINE),
    Guard(3, "discovery/recommend/provenance.py", "own = {ONESELF} if permitted.use.own else set()", "own = set()", MACHINE),
    Guard(9, "discovery/room/services.py", "    if user not in people:\n        raise no_room()\n", "", MACHINE),
    Guard(9, "discovery/room/presence.py", "        if row.invited_by_id in friends\n        and", "        if", MACHINE),
    Guard(9, "discovery/room/presence.py", "        and row.invited_by in people[row.room_id]\n", "", MACHINE),
    Guard(9, "discovery/room/presence.py", "        and viewer in without_blocks([*people[row.room_id], viewer], blocked)\n", "", MACHINE),
    Guard(9, "accounts/groups.py", "if person.is_active and not any(frozenset((person.pk, other.pk)) in blocked for other in together)",
          "if person.is_active", MACHINE),
    Guard(11, "discovery/room/services.py", "        act.ensure_vote()\n", "", MACHINE),
    Guard(2, "discovery/privacy/preview.py", "gone & ~np.isin(permitted.friend, nameless)", "gone", MACHINE),
    Guard(12, "discovery/privacy/preview.py", "permitted.known | (proposed_no_more if", "permitted.known | (frozenset() if", MACHINE),
    Guard(8, "discovery/privacy/restore.py", "if name in OBSERVED and not recorded:", "if False:", MACHINE),
    Guard(8, "graph/importers/lastfm.py", "if self.listeners[row.value.listener] in self.recording]", "]", MACHINE),
    Guard(8, "graph/importers/lastfm_people.py", "if person.pk not in answered and", "if", MACHINE),
    Guard(8, "graph/importers/lastfm_people.py", "pk__in=[person.pk for person in people], level_chosen=False)",
          "pk__in=[person.pk for person in people])", MACHINE),
    Guard(9, "graph/importers/lastfm.py", "together = [pair for pair in pairs if pair not in apart]",
          "together = pairs", MACHINE),
    Guard(10, "graph/importers/lastfm.py", "lasting = [pair for pair in pairs if pair not in ended]", "lasting = pairs", MACHINE),
    Guard(19, "discovery/privacy/restore.py", "    if is_erased(str(pseudonym)):\n", "    if False:\n", MACHINE),
    Guard(19, "discovery/radio/purge.py", "in (person_purging, private_session_ended):", "in (private_session_ended,):", MACHINE),
    # Two more that the specification has no number for: a credential is a digest and does what its scopes say (21);
    # what was deleted is nowhere (22).
    Guard(21, "discovery/schema.py", '            ensure_scope(self.context_value.credential, f"{parent_type}.{field_name}")\n',
          "            pass\n", DEVICES, "TestScopes"),
    Guard(21, "discovery/settings.py", '"COMPLIANT_BCP_RFC9700_TOKEN_STORAGE": True', '"COMPLIANT_BCP_RFC9700_TOKEN_STORAGE": False',
          DEVICES, "TestTheSecret"),
    Guard(21, "accounts/sessions.py", 'hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()[:40]', "key",
          DEVICES, "TestTheSecret"),
    Guard(21, "accounts/services/device.py", "    if not wanted <= credential.scopes:\n", "    if False:\n", DEVICES, "TestCreating"),
    Guard(21, "accounts/services/password.py", "person.filter(password_tries__lt=MOST_TRIES)", "person",
          "tests/accounts/test_account.py", "TestAskedAgain"),
    Guard(22, "discovery/recommend/disclosure.py", '    records_deleted.connect(_cited_forget, dispatch_uid="discovery.disclosure")\n', "",
          DELETIONS, "notes"),
    Guard(22, "discovery/privacy/export.py", "    exports_end(user=user)\n", "    pass\n", DELETIONS, "TestFiles"),
    Guard(22, "graph/ingest/follow.py", "        Deletion.objects.create(subject=user.pseudonym, rows=rows)\n", "        pass\n",
          DELETIONS, "TestTheNextModel"),
    # What leaves for other installations and for devices is of those who allow it, above the floors and signed; what comes is what was signed (23).
    Guard(23, "accounts/policies.py", "contributors().filter(pk__in=_told_since(Purpose.THIRD_PARTY, PASSED_ON_TOLD_SINCE))", "contributors()",
          INSTALLATIONS, "what_leaves_is"),
    Guard(23, "accounts/policies.py", "_told_since(Purpose.THIRD_PARTY, PASSED_ON_TOLD_SINCE)", "permitting(Purpose.THIRD_PARTY)", INSTALLATIONS, "before_the_text"),
    Guard(23, "graph/snapshot.py", "named = contributors.none() if passed_on else contributors", "named = contributors", INSTALLATIONS, "knows_no_friendships"),
    Guard(23, "graph/snapshot.py", "elsewhere={} if passed_on else", "elsewhere=", INSTALLATIONS, "not_passed_on"),
    Guard(23, "graph/exchange/leaving.py", "return drawn(taken), names_of", "return taken, names_of", INSTALLATIONS, "leaves_some_people_out"),
    Guard(23, "graph/exchange/floors.py", "view.open & (view.listeners >= least)", "view.listeners >= least", SUMS, "not_everybody_may_see"),
    Guard(23, "graph/exchange/floors.py", "view.open & (view.listeners >= least)", "view.open", TRAVELS, "few_people_play"),
    Guard(23, "graph/exchange/floors.py", "known[np.rint(people) >= policies.SMALLEST_AGGREGATE] = True", "known[people > 0] = True", SUMS, "words_of_few"),
    Guard(23, "graph/exchange/floors.py", "people_counted(seen)[speaker]", "np.ones(len(speaker))", SUMS, "one_person_under_twelve_names"),
    Guard(23, "graph/exchange/contribute.py", "(np.rint(enough.data) >= least)", "(enough.data > 0)", SUMS, "fewer_people_than_promised"),
    Guard(23, "graph/exchange/contribute.py", "    people.data = np.repeat(np.sqrt(view.distinct.astype(np.float64)), np.diff(people.indptr))\n",
          "    people.data = np.ones(people.nnz)\n", SUMS, "no_further_person"),
    Guard(23, "graph/exchange/contribute.py", "(np.rint(counted.data) >= least)", "(counted.data > 0)", SUMS, "words_of_few"),
    Guard(23, "graph/exchange/contribute.py", "        rows = sp.diags(np.sqrt(noise.longest / np.maximum(squared, noise.longest))) @ rows\n", "", SUMS, "row_is_cut"),
    Guard(23, "graph/exchange/contribute.py", "value + np.random.default_rng().normal(scale=noise.scale, size=len(value))", "value", SUMS, "noise_is_added"),
    Guard(23, "graph/elsewhere/document.py", "        verify(manifest)\n", "        pass\n", HOSTILE, "it_is_refused"),
    Guard(23, "graph/elsewhere/document.py", 'if manifest.get("arrays") != arrays_hash(arrays):', "if False:", HOSTILE, "it_is_refused"),
    Guard(23, "graph/elsewhere/document.py", "if document.signer not in trusted:", "if False:", HOSTILE, "it_is_refused"),
    Guard(23, "graph/elsewhere/document.py", 'if array.dtype.kind == "f" and not np.isfinite(array).all():', "if False:", HOSTILE, "it_is_refused"),
    Guard(23, "graph/elsewhere/document.py", 'if manifest.get("type") != expected or', "if", HOSTILE, "it_is_refused"),
    Guard(23, "graph/elsewhere/names.py", "if shown and name_clean(name, field=column, length=length) != name:", "if False:", HOSTILE, "it_is_refused"),
    Guard(23, "graph/elsewhere/names.py", "if len(set(keys)) < len(keys):", "if False:", HOSTILE, "it_is_refused"),
    Guard(23, "graph/elsewhere/checks.py", "if len(rows) and (rows.min() < 0 or rows.max() >= size):", "if False:", HOSTILE, "it_is_refused"),
    Guard(23, "graph/elsewhere/checks.py", "if (np.diff(rows) <= 0).any():", "if False:", HOSTILE, "it_is_refused"),
    Guard(23, "graph/elsewhere/laid_over.py", " or (sums < -MOST).any():", ":", SUMS, "contradict_themselves"),
    Guard(23, "graph/elsewhere/laid_over.py", "if len(count) and not least <= count.min() <= count.max() <= MOST_PEOPLE:", "if False:", SUMS, "contradict_themselves"),
    Guard(23, "graph/exchange/receive.py", "    sums_laid([document], known)\n", "", HOSTILE, "refused_and_changes_nothing"),
    Guard(23, "graph/exchange/receive.py", "    ensure_not_ours(document)\n", "", INSTALLATIONS, "our_own_model"),
    Guard(23, "graph/elsewhere/laid_over.py", "if len(np.unique(low * len(place) + high)) < len(low):", "if False:", SUMS, "contradict_themselves"),
    Guard(23, "graph/exchange/federation.py", 'if document.manifest.get("rows") != rows_told(RecommenderConfig().memory):', "if False:", SUMS, "contradict_themselves"),
    Guard(23, "graph/exchange/files.py", "if document.signer == our_key():", "if False:", INSTALLATIONS, "sums_are_joined"),
    Guard(23, "graph/exchange/federation.py", "        before = held.delete()[0]\n", "        before = held.count()\n", INSTALLATIONS, "sums_are_joined"),
    Guard(23, "graph/exchange/federation.py", "if held.filter(made_at__gt=moment).exists():", "if False:", INSTALLATIONS, "sums_are_joined"),
    # Of a round nobody reads a single server's sums, whatever the others send; a key masks once.
    Guard(23, "graph/exchange/rounds/agreement.py", "if len(hellos) < FEWEST:", "if False:", ROUNDS, "make_no_round"),
    Guard(23, "graph/exchange/rounds/agreement.py", "if len({hello.signer for hello in hellos}) < len(hellos):", "if False:", ROUNDS, "make_no_round"),
    Guard(23, "graph/exchange/rounds/agreement.py", "if len({hello.round_id for hello in hellos}) > 1:", "if False:", ROUNDS, "make_no_round"),
    Guard(23, "graph/exchange/rounds/agreement.py", "if len({hello.public for hello in hellos}) < len(hellos):", "if False:", ROUNDS, "make_no_round"),
    Guard(23, "graph/exchange/rounds/masks.py", "bytes.fromhex(agreement.digest), low, high)", "low, high)", ROUNDS, "masks_differ"),
    Guard(23, "graph/exchange/rounds/masks.py", "bytes.fromhex(agreement.round_id), ", "", ROUNDS, "masks_differ"),
    Guard(23, "graph/exchange/rounds/masks.py", "cells + words if mask.adds else cells - words", "cells", ROUNDS, "uniform_words"),
    Guard(23, "graph/exchange/rounds/masks.py", "        except ValueError as error:  # a point of low order\n", "        except ZeroDivisionError as error:\n", ROUNDS, "nothing_is_secret"),
    Guard(23, "graph/exchange/rounds/masks.py", "if remain or start != size:", "if start != size:", ROUNDS, "does_not_add_up"),
    Guard(23, "graph/exchange/rounds/masks.py", "(total - own.dense(start, stop))", "total", ROUNDS, "added_up"),
    Guard(23, "graph/elsewhere/large.py", 'if digest.hexdigest() != self.manifest.get("arrays"):', "if False:", ROUNDS, "does_not_add_up"),
    Guard(23, "graph/elsewhere/large.py", "        verify(manifest)\n", "        pass\n", ROUNDS, "another_form"),
    Guard(23, "graph/exchange/rounds/cells.py", "> MOST // len(agreement.publics)).any():", "> MOST).any():", ROUNDS, "too_large"),
    Guard(23, "graph/exchange/rounds/cells.py", "if parts[-1].stop > MOST_CELLS:", "if False:", ROUNDS, "too_large"),
    Guard(23, "graph/exchange/rounds/held.py", "if not ROUND_ID.fullmatch(round_id):", "if False:", BY_ROUNDS, "hellos_that_are_not_taken"),
    Guard(23, "graph/exchange/federation_rounds.py", "    held.spend()\n", "", BY_ROUNDS, "leaves_once"),
    Guard(23, "graph/exchange/federation_rounds.py", "if our_key() not in hellos or hellos[our_key()].digest != ours.digest:", "if False:", BY_ROUNDS, "own_hello"),
    Guard(23, "graph/exchange/federation_rounds.py", "if not set(signers) <= set(agreement.publics):", "if False:", BY_ROUNDS, "masked_files"),
    Guard(23, "graph/exchange/federation_rounds.py", "    if missing or twice:\n", "    if twice:\n", BY_ROUNDS, "drops_out"),
    Guard(23, "graph/exchange/federation_rounds.py", "twice = [signer for signer in agreement.publics if signers.count(signer) > 1]", "twice = []", BY_ROUNDS, "drops_out"),
    Guard(23, "graph/exchange/federation_rounds.py", "    ensure_writable(path)\n    agreement, blobs", "    agreement, blobs", BY_ROUNDS, "key_is_not_spent"),
    Guard(23, "graph/exchange/federation_rounds.py", 'if any(one.manifest.get("agreement") != agreement.digest for one in read):', "if False:", BY_ROUNDS, "masked_files"),
    Guard(23, "graph/exchange/federation_rounds.py", "            bundle.delete()\n", "            pass\n", BY_ROUNDS, "plain_files_are"),
    Guard(23, "graph/exchange/federation_rounds.py", "    held.forget()\n    return JoinedRound(", "    return JoinedRound(", BY_ROUNDS, "plain_files_are"),
    Guard(23, "graph/exchange/federation.py", "if any(bundle.signer != document.signer for bundle in bundles_of_any([document.signer])):", "if False:", BY_ROUNDS, "plain_files_are"),
    # The pack on a device, and what is proven of a training.
    Guard(23, "discovery/device/views.py", '        return _refused(_("Sign in to do this."), 401, "SIGN_IN_REQUIRED")\n    try:', "        pass\n    try:", BUNDLE, "is_for_members"),
    Guard(23, "discovery/device/bundle.py", 'signed({"manifest": text}, settings.SIGNING_KEY)', '{"manifest": text}', BUNDLE, "is_signed"),
    Guard(23, "discovery/static/discovery/device/pack.js", " || expires - made > 24 * 3_600_000", "", BUNDLE, "device_refuses"),
    Guard(23, "discovery/static/discovery/device/pack.js", "if (!(expires > now) || ", "if (", BUNDLE, "device_refuses"),
    Guard(23, "discovery/static/discovery/device/pack.js", "if (made - now > 3_600_000)", "if (false)", BUNDLE, "device_refuses"),
    Guard(23, "discovery/static/discovery/device/store.js", "(id === null ? name : `${id} ${name}`)", "name", SHARED, "shares"),
    Guard(23, "discovery/static/discovery/device/store.js", "(line.whose ?? null) === id", "true", SHARED, "shares"),
    Guard(23, "discovery/static/discovery/device/store.js", "if (mine(cursor.key)) cursor.delete();", "cursor.delete();", SHARED, "shares"),
    Guard(11, "discovery/static/discovery/device/feedback.js", 'whose === await ask("owner") && navigator.onLine && whose === await ask("present")', "true", SHARED, "shares"),
    Guard(23, "discovery/static/discovery/device/pack.js", "if (await verified(document) === false)", "if (false)", BUNDLE, "device_refuses"),
    Guard(23, "discovery/static/discovery/device/pack.js", " || (await sha256(buffer)) !== part.sha256", "", BUNDLE, "device_refuses"),
    Guard(23, "discovery/device/feedback.py", "    if act.private:\n", "    if False:\n", FEEDBACK, "private_session"),
    Guard(23, "discovery/device/feedback.py", "    if fresh:\n", "    if True:\n", FEEDBACK, "once_a_day"),
    Guard(23, "discovery/device/api.py", "if not info.context.signed_in.is_staff:", "if False:", FEEDBACK, "tells_staff"),
    Guard(23, "accounts/edge_proofs.py", "if any(bucket_of(leaf, depth) != index for leaf in held):", "if False:", PROOFS, "forged"),
    Guard(23, "accounts/edge_proofs.py", "if root_hash(salt, _top(buckets, beside, depth)).hex() != root:", "if False:", PROOFS, "forged or other_leaves"),
    Guard(23, "accounts/edge_proofs.py", 'hashlib.sha256(b"\\2" + salt + top)', 'hashlib.sha256(b"\\2" + top)', PROOFS, "another_salt"),
    Guard(23, "accounts/management/commands/verify_receipt.py", "if asked and not proofs:", "if False:", PROOFS, "not_looked_at"),
    Guard(23, "accounts/management/commands/verify_receipt.py", 'if said != (clean.get("trainingRoot") or proof["root"], clean["manifestHash"]):', "if False:", PROOFS, "erasure_not"),
    Guard(23, "accounts/management/commands/verify_receipt.py", "if len(of) > 1:", "if False:", PROOFS, "two_models"),
    Guard(23, "discovery/room/services.py", "    ensure_kept_here(deliberate(user).user)\n", "", ON_DEVICE, "nothing_that_is_played"),
    Guard(23, "discovery/room/services.py", "    RoomMember.objects.filter(user=user).delete()\n    transaction", "    transaction", ON_DEVICE, "switching_on"),
    Guard(23, "graph/training/edge_tree.py", "np.maximum(-(-held // FULL), 1) * FULL - held", "held * 0", PROOFS, "how_many_edges"),
    Guard(23, "graph/training/edge_tree.py", "hashlib.shake_256(blind)", 'hashlib.shake_256(b"")', PROOFS, "how_many_edges"),
    Guard(23, "discovery/privacy/training_proofs.py", "if len(leaves) > MOST_LEAVES:", "if False:", PROOFS, "questions_have_bounds"),
]  # fmt: skip


def main(wanted):
    noticed = {}
    with tempfile.TemporaryDirectory(prefix="earshot-mutants-") as folder, PostgresServer() as postgres:
        tree = Path(folder) / "tree"
        left_out = shutil.ignore_patterns(".git", ".venv", "var", "node_modules", "__pycache__", ".*_cache")
        shutil.copytree(ROOT, tree, ignore=left_out)
        for number, guard in enumerate(GUARDS):
            if not wanted or guard.invariant in wanted:
                failed = failures(guard, tree, postgres.url)
                noticed[number] = f"`{failed[0]}`" if failed else "**nothing**"
                print(row(guard, noticed[number]), flush=True)
                write_table(noticed)
    return 1 if "**nothing**" in noticed.values() else 0


def row(guard, failed):
    line = next(line.strip() for line in guard.old.splitlines() if line.strip())
    return f"| {guard.invariant} | `{guard.file}` | `{line}` | {failed} |"


def write_table(noticed):
    """Put what was found into the README beside this file; rows of guards that were not asked for stay."""
    before, _start, rest = README.read_text(encoding="utf-8").partition(START)
    known, _end, after = rest.partition(END)
    rows = {tuple(line.split(" | ")[:3]): line for line in known.splitlines() if line.startswith("| ")}
    lines = ["| invariant | file | guard taken out or replaced | what failed |", "|--:|---|---|---|"]
    for number, guard in enumerate(GUARDS):
        key = tuple(row(guard, "").split(" | ")[:3])
        lines.append(
            row(guard, noticed[number]) if number in noticed else rows.get(key, row(guard, "not run"))
        )
    text = "\n".join(lines)
    README.write_text(f"{before}{START}\n\n{text}\n\n{END}{after}", encoding="utf-8")


def failures(guard, tree, database):
    """Names of the tests that fail without the guard."""
    file = tree / guard.file
    text = file.read_text(encoding="utf-8")
    if text.count(guard.old) != 1:
        raise SystemExit(f"{guard.file} holds {guard.old!r} {text.count(guard.old)} times, not once")
    file.write_text(text.replace(guard.old, guard.new), encoding="utf-8")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("EARSHOT_TEST")}
    kept = "--create-db" if guard.fresh else "--reuse-db"
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", "--tb=no", "-p", "no:cacheprovider", kept, guard.test, "-k", guard.only],
        cwd=tree, capture_output=True, text=True, check=False,
        env=environment | {"EARSHOT_HOME": str(tree.parent / "home"), "DATABASE_URL": database} | NOT_SHRUNK,
    )  # fmt: skip
    file.write_text(text, encoding="utf-8")
    if run.returncode not in {0, 1}:
        raise SystemExit(f"the tests could not run:\n{run.stdout}{run.stderr}")
    return [
        line.split(" ", 1)[1].split(" - ")[0].rsplit("::", 1)[-1]
        for line in run.stdout.splitlines()
        if line.startswith(("FAILED ", "ERROR "))
    ]


if __name__ == "__main__":
    sys.exit(main({int(number) for number in sys.argv[1:]}))
