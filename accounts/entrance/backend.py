"""Passwords, looked at in the same time whether there is such an account or not."""

from allauth.account.auth_backends import AuthenticationBackend

from accounts.models import User


class EvenBackend(AuthenticationBackend):  # type: ignore[misc]  # the library is not typed
    def _authenticate_by_email(self, email: str, password: str) -> User | None:
        user: User | None = super()._authenticate_by_email(email, password)
        if self._did_check_password:  # where nobody has shown an address, the accounts themselves were asked
            User.objects.filter(email=email.lower()).first()
        return user
