"""What the background doors listen to. Nothing is right because a message arrives: the clock finds the same work."""

from django.dispatch import Signal

# Sent after the commit with ``key`` (str): somebody handed a history in.
history_requested = Signal()
