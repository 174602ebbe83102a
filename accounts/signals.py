"""What other rooms may listen to. Sent after the commit, and only for cleaning up: no answer is right because of it."""

from django.dispatch import Signal

# Sent with ``user_ids`` (frozenset[int]): what these people allow, or whom they know, changed.
consent_changed = Signal()

# Sent with ``ended`` (purposes, each with the keys of people) in the transaction in which general grants ended: by a no, by
# their date, or by a text that asks again. Whoever keeps something on their word alone deletes it now.
grants_ended = Signal()

# Sent with ``user`` when a private session was ended before its time.
private_session_ended = Signal()

# Sent with ``user`` in the transaction in which they take RECORD back and want deleted what it let in.
record_deleting = Signal()

# Sent with ``user`` in the transaction in which what they play begins to be kept on their own device alone: whoever keeps
# something of what they played or said of music deletes it now.
on_device_beginning = Signal()

# Sent with ``user``, ``tracks`` and ``artists`` (frozenset[int]) in the transaction in which a person deleted something:
# nothing of theirs is about these any more. ``everything``: they deleted all that was recorded. Files and memory outside
# the database are cleared once it is committed.
records_deleted = Signal()

# Sent with ``user`` while a person's rows are deleted, in that transaction: whoever keeps something of them
# outside the database deletes it now. May be sent again.
person_purging = Signal()
