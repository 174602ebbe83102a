"""Whom the load plays: ``python -m tests.load.people`` in an installation's environment writes each with what they need, as JSON.

A token, a browser's session, and the words of some tracks; no password is asked, for hashing them is not what is measured.
"""

import json
import os
import sys
from importlib import import_module

import django

MOST = 300
TRACKS = 400


def main():
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "discovery.settings")
    django.setup()

    from accounts.models import Friendship, User
    from accounts.services.token import token_issue
    from graph.models import Track

    people = list(User.objects.filter(is_active=True).order_by("pk")[:MOST])
    friends = {
        key
        for pair in Friendship.objects.filter(state=Friendship.State.ACCEPTED).values_list("low", "high")
        for key in pair
    }
    told = [
        {"name": user.username, "token": token_issue(user=user), "session": session_of(user), "social": user.pk in friends}
        for user in people
    ]  # fmt: skip
    tracks = Track.objects.order_by("pk").values_list("title", "artist__name")[:TRACKS]
    json.dump({"people": told, "tracks": list(tracks)}, sys.stdout)


def session_of(user):
    """The key of a session in which ``user`` is signed in."""
    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY

    session = import_module(settings.SESSION_ENGINE).SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    return session.session_key


if __name__ == "__main__":
    main()
