"""Tokens and sessions that lay in clear: what is left of each is its digest, so that it goes on working."""

import hashlib

from django.db import migrations
from django.utils import timezone

EVERY_SCOPE = "discover plays_read plays_write playlists social privacy account"
EARLIER = "api"  # the one scope there was: everything


def tokens(apps, schema_editor):
    AccessToken = apps.get_model("oauth2_provider", "AccessToken")
    Device = apps.get_model("accounts", "Device")
    for token in AccessToken.objects.exclude(user=None).filter(device=None).iterator():
        # The checksum is there already (oauth2_provider.0012); a token of another scope let nobody in.
        if token.scope.split() == [EARLIER]:
            AccessToken.objects.filter(pk=token.pk).update(scope=EVERY_SCOPE)
            Device.objects.create(
                user_id=token.user_id, kind="APP" if token.application_id else "TOKEN", name="command line",
                token_id=token.pk, created_on=token.created.date(), expires_at=token.expires,
            )
    AccessToken.objects.update(token="")
    apps.get_model("oauth2_provider", "RefreshToken").objects.update(token="")
    apps.get_model("oauth2_provider", "Grant").objects.all().delete()  # codes of a minute


def sessions(apps, schema_editor):
    Session = apps.get_model("sessions", "Session")
    Session.objects.filter(expire_date__lte=timezone.now()).delete()
    for key in list(Session.objects.values_list("pk", flat=True)):
        digest = hashlib.sha256(key.encode()).hexdigest()[:40]  # as accounts.sessions
        Session.objects.filter(pk=key).update(session_key=digest)


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0006_devices"),
        ("oauth2_provider", "0015_refreshtoken_token_checksum"),
        ("sessions", "0001_initial"),
    ]

    operations = [
        migrations.RunPython(tokens, migrations.RunPython.noop, elidable=True),
        migrations.RunPython(sessions, migrations.RunPython.noop, elidable=True),
    ]
