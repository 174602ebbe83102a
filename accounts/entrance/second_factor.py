"""Authenticator apps and passkeys. What an app's codes are made of is stored encrypted."""

from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings

from accounts.qr import qr_svg
from discovery.platform.secrets import sealed, unsealed

_PURPOSE = "accounts.second_factor"


class SecondFactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]  # the library is not typed
    def encrypt(self, text: str) -> str:
        return sealed(text, purpose=_PURPOSE, key=settings.SIGNING_KEY)

    def decrypt(self, encrypted_text: str) -> str:
        return str(unsealed(encrypted_text, purpose=_PURPOSE, key=settings.SIGNING_KEY))

    def build_totp_svg(self, url: str) -> str:
        return qr_svg(url)
