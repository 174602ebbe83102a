"""Who answers for the installation stands wherever people look, and is asked for before it runs."""

import json
import zipfile

import pytest
from django.core.checks import Warning as CheckWarning
from django.core.checks import run_checks

from accounts.models import Purpose
from accounts.services.consent import consent_set
from accounts.services.receipt import receipt_list
from discovery.privacy.export import data_export_build, data_export_request
from tests import factories
from tests.api.client import App

pytestmark = pytest.mark.django_db
QUERY = """{ policy { operator { name contact dataProtectionOfficer recipients complaintAuthority { name url } } } }"""
NOBODY: dict[str, object] = {
    "name": None,
    "contact": None,
    "dataProtectionOfficer": None,
    "recipients": [],
    "complaintAuthority": None,
}


@pytest.fixture
def named(settings):
    settings.OPERATOR_NAME = "Choir of the House"
    settings.OPERATOR_CONTACT = "privacy@choir.example"
    settings.OPERATOR_DPO = "Dora"
    settings.OPERATOR_RECIPIENTS = "A Host, Vienna; Backups Ltd"
    settings.COMPLAINT_AUTHORITY = "Data Protection Authority https://authority.example/complain"
    return {
        "name": "Choir of the House",
        "contact": "privacy@choir.example",
        "dataProtectionOfficer": "Dora",
        "recipients": ["A Host, Vienna", "Backups Ltd"],
        "complaintAuthority": {
            "name": "Data Protection Authority",
            "url": "https://authority.example/complain",
        },
    }


def ours(*, deploy=False):
    return {(check.id, isinstance(check, CheckWarning)) for check in run_checks(include_deployment_checks=deploy)
            if (check.id or "").startswith("accounts.")}  # fmt: skip


def test_it_stands_in_the_policy_the_page_receipts_and_exports(named, client, settings, tmp_path):
    assert App().data(QUERY)["policy"]["operator"] == named
    settings.EXPORT_DIR = tmp_path
    ada = factories.listener("ada")
    client.force_login(ada)
    page = client.get("/privacy/").text
    consent_set(user=ada, purpose=Purpose.SELF, granted=True)
    (receipt,) = receipt_list(user=ada)
    assert receipt["piiController"] == named
    export = data_export_build(export_id=str(data_export_request(user=ada).pk))
    with zipfile.ZipFile(export.path) as file:
        assert json.loads(file.read("manifest.json"))["operator"] == named
        index = file.read("index.html").decode()
    for text in (page, index):
        for word in (
            "Choir of the House",
            "privacy@choir.example",
            "Dora",
            "Backups Ltd",
            "https://authority.example",
        ):
            assert word in text


def test_without_settings_nothing_is_made_up_and_checks_say_so(client):
    assert App().data(QUERY)["policy"]["operator"] == NOBODY
    client.force_login(factories.listener("ada"))
    assert "somebody who has not said who they are" in client.get("/privacy/").text
    assert ours() == {("accounts.W001", True)}
    assert ours(deploy=True) == {("accounts.W001", True), ("accounts.E001", False)}


@pytest.mark.usefixtures("named")
@pytest.mark.parametrize(
    "missing", [None, "OPERATOR_NAME", "OPERATOR_CONTACT", "COMPLAINT_AUTHORITY", "OPERATOR_DPO"]
)
def test_each_of_three_is_needed(settings, missing):
    if missing:
        setattr(settings, missing, " ")
    assert (("accounts.E001", False) in ours(deploy=True)) == (missing not in {None, "OPERATOR_DPO"})
