"""What the background doors listen to. Nothing is right because a message arrives: the clock finds the same work."""

from django.dispatch import Signal

# Sent after the commit with ``key`` (str): a library is to be read.
library_requested = Signal()
