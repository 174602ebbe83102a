"""Making the sample community: its command, and what stands in its way."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts.models import User
from discovery.platform.errors import Conflict, InvalidInput
from graph.models import Artist
from graph.sample.community import sample_community_create

pytestmark = pytest.mark.django_db


def test_a_taken_handle_stores_nothing():
    User.objects.create_user("ben")
    with pytest.raises(Conflict):
        sample_community_create(now=timezone.now())
    assert not Artist.objects.exists()
    assert User.objects.count() == 1


def test_a_community_is_more_than_a_handful():
    with pytest.raises(InvalidInput):
        sample_community_create(listeners=5, now=timezone.now())
    with pytest.raises(CommandError):
        call_command("create_sample_community", listeners=5, stderr=StringIO())


def test_the_command_says_what_it_did():
    out = StringIO()
    call_command("create_sample_community", listeners=20, stdout=out, stderr=StringIO())
    call_command("create_sample_community", listeners=20, stdout=out, stderr=StringIO())
    first, logins, second = out.getvalue().splitlines()
    assert first.startswith("20 listeners, ")
    assert logins == "Demo logins: ada and ben, password earshot-demo"
    assert second == "The sample community stands already; nothing was stored."
