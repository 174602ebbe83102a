"""Who answers for this installation, as its settings say; it stands in the policy, the pages, exports and receipts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings

UNNAMED = "The operator of this installation"


@dataclass(frozen=True, slots=True)
class Authority:
    """Where people can complain."""

    name: str
    url: str | None


@dataclass(frozen=True, slots=True)
class Operator:
    """Each is None (or empty) where the settings do not say it."""

    name: str | None
    contact: str | None
    data_protection_officer: str | None
    recipients: tuple[str, ...]
    complaint_authority: Authority | None

    def as_document(self) -> dict[str, Any]:
        """As receipts and exports say it."""
        authority = self.complaint_authority
        return {
            "name": self.name or UNNAMED,
            "contact": self.contact,
            "dataProtectionOfficer": self.data_protection_officer,
            "recipients": list(self.recipients),
            "complaintAuthority": authority and {"name": authority.name, "url": authority.url},
        }


def operator_current() -> Operator:
    recipients = (recipient.strip() for recipient in settings.OPERATOR_RECIPIENTS.split(";"))
    return Operator(
        name=settings.OPERATOR_NAME.strip() or None,
        contact=settings.OPERATOR_CONTACT.strip() or None,
        data_protection_officer=settings.OPERATOR_DPO.strip() or None,
        recipients=tuple(filter(None, recipients)),
        complaint_authority=_authority(settings.COMPLAINT_AUTHORITY),
    )


def _authority(text: str) -> Authority | None:
    """A name, and the first word that is an address of the web."""
    words = text.split()
    urls = [word for word in words if word.startswith(("https://", "http://"))]
    name = " ".join(word for word in words if word not in urls[:1])
    url = urls[0] if urls else None
    return Authority(name or str(url), url) if words else None
