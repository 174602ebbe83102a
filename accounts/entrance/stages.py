"""What a sign-in passes through."""

from typing import Any

from allauth.account.models import EmailAddress
from allauth.account.stages import EmailVerificationStage


class VerifyWhatThereIs(EmailVerificationStage):  # type: ignore[misc]  # the library is not typed
    """Whoever told an e-mail address shows that it is theirs; whom the operator gave an account told none."""

    def handle(self) -> tuple[Any, bool]:
        user = self.login.user
        if user is not None and not EmailAddress.objects.filter(user=user).exists():
            return None, True
        return super().handle()  # type: ignore[no-any-return]
