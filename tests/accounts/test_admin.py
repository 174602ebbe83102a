"""The admin shows consent and never changes it."""

import pytest
from django.urls import reverse

from accounts.models import Consent, ConsentEvent, Purpose
from accounts.services.consent import consent_set
from tests.factories import befriended, blocked, listener

pytestmark = pytest.mark.django_db
READ_ONLY = ["consent", "consentevent", "friendship", "block"]


@pytest.fixture
def staff(client):
    user = listener("staff", is_staff=True, is_superuser=True)
    client.force_login(user)
    return user


@pytest.mark.parametrize("model", ["user", *READ_ONLY])
def test_every_list_opens(client, staff, model):
    consent_set(user=staff, purpose=Purpose.SELF, granted=True)
    befriended(staff, listener())
    blocked(staff, listener())
    assert client.get(reverse(f"admin:accounts_{model}_changelist")).status_code == 200
    assert client.get(reverse("admin:accounts_user_change", args=[staff.pk])).status_code == 200


@pytest.mark.parametrize("model", READ_ONLY)
def test_what_services_write_is_read_only(client, staff, model):
    consent_set(user=staff, purpose=Purpose.SELF, granted=True)
    row = {"consent": Consent, "consentevent": ConsentEvent}.get(model, Consent).objects.get()
    assert client.get(reverse(f"admin:accounts_{model}_add")).status_code == 403
    if model.startswith("consent"):
        assert client.post(reverse(f"admin:accounts_{model}_change", args=[row.pk]), {}).status_code == 403
        assert (
            client.post(reverse(f"admin:accounts_{model}_delete", args=[row.pk]), {"post": "yes"}).status_code
            == 403
        )
    assert ConsentEvent.objects.count() == 1
