"""The errors of the whole project, as one tree. Imports nothing of ours.

EarshotError                 code, message, field
├── Refusal                  expected: answered as data (``OperationInfo``) with its stable code
│   ├── InvalidInput         INVALID…      the value itself is wrong
│   ├── NotFound             NOT_FOUND     absent, or not this viewer's to see: told apart by nobody
│   ├── NotAllowed           NOT_ALLOWED   seen, but not permitted
│   │   ├── SignInRequired   SIGN_IN_REQUIRED
│   │   ├── ScopeMissing     INSUFFICIENT_SCOPE  the token that asks may not be used for it
│   │   ├── PasswordNeeded   REAUTHENTICATION_REQUIRED  the password has to be told again
│   │   └── ConsentMissing   CONSENT_MISSING  the purpose it needs is not granted
│   ├── Conflict             CONFLICT      the state does not admit it
│   ├── DeadlineExceeded     DEADLINE_EXCEEDED
│   ├── StorageFull          STORAGE_FULL  there is no room for what is to be kept
│   └── LimitExceeded        LIMIT_EXCEEDED
└── Failure                  unexpected to the caller, named for the operator
    ├── ImportFailed         IMPORT_FAILED      nothing was stored
    ├── TrainingFailed       TRAINING_FAILED
    │   └── LeaseLost        LEASE_LOST         another worker took the run over
    ├── ModelUnavailable     MODEL_UNAVAILABLE  discovery answers degraded
    ├── Unavailable          UNAVAILABLE        the database is away, and so are we
    ├── VoiceUnavailable     VOICE_UNAVAILABLE  what would recognize spoken commands is not there
    ├── PastTheGate          PAST_THE_GATE      a fault of ours: a row about a person was about to be written past it
    ├── NotPresented         NOT_PRESENTED      a fault of ours: a thing was about to be shown past the pipeline
    └── ServiceFailed        SERVICE_FAILED     an embedded service or a part of the demo
"""

from typing import ClassVar


class EarshotError(Exception):
    """Base of the tree. ``code`` is stable, ``message`` is for people, ``field`` names the input."""

    code: ClassVar[str] = "ERROR"

    def __init__(self, message: str, *, field: str | None = None, code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.specific_code = code or self.code


class Refusal(EarshotError):
    """An expected no."""

    code = "REFUSED"


class InvalidInput(Refusal):
    code = "INVALID"


class NotFound(Refusal):
    code = "NOT_FOUND"


class NotAllowed(Refusal):
    code = "NOT_ALLOWED"


class SignInRequired(NotAllowed):
    code = "SIGN_IN_REQUIRED"


class ScopeMissing(NotAllowed):
    code = "INSUFFICIENT_SCOPE"


class PasswordNeeded(NotAllowed):
    code = "REAUTHENTICATION_REQUIRED"


class ConsentMissing(NotAllowed):
    code = "CONSENT_MISSING"


class Conflict(Refusal):
    code = "CONFLICT"


class LimitExceeded(Refusal):
    code = "LIMIT_EXCEEDED"


class DeadlineExceeded(Refusal):
    code = "DEADLINE_EXCEEDED"

    def __init__(self) -> None:
        super().__init__("The answer takes longer than a query may; ask for less at a time.")


class StorageFull(Refusal):
    code = "STORAGE_FULL"


class Failure(EarshotError):
    """Something the caller could not have done better."""

    code = "FAILED"


class ImportFailed(Failure):
    code = "IMPORT_FAILED"


class TrainingFailed(Failure):
    code = "TRAINING_FAILED"


class LeaseLost(TrainingFailed):
    code = "LEASE_LOST"


class ModelUnavailable(Failure):
    code = "MODEL_UNAVAILABLE"


class Unavailable(Failure):
    code = "UNAVAILABLE"


class VoiceUnavailable(Failure):
    code = "VOICE_UNAVAILABLE"


class PastTheGate(Failure):
    code = "PAST_THE_GATE"


class NotPresented(Failure):
    code = "NOT_PRESENTED"


class ServiceFailed(Failure):
    code = "SERVICE_FAILED"
