"""What a payload says instead of its success: why not, in words and as a code."""

from enum import StrEnum

import strawberry

from discovery.platform.error_codes import MEANINGS, ErrorCode


@strawberry.enum(name="OperationMessageKind", description="What sort of a message it is.")
class MessageKind(StrEnum):
    INFO = "INFO"
    WARNING = "WARNING"
    ERROR = "ERROR"
    PERMISSION = "PERMISSION"
    VALIDATION = "VALIDATION"


strawberry.enum(ErrorCode, description="Why something was refused or failed, for programs: docs/errors.md.")
for _value in ErrorCode.__strawberry_definition__.values:  # type: ignore[attr-defined]  # strawberry's
    _value.description = MEANINGS[_value.name]


@strawberry.type(description="One reason why something was not done.")
class OperationMessage:
    kind: MessageKind = strawberry.field(description="The sort of message.")
    message: str = strawberry.field(description="The reason for people, in the language of Accept-Language.")
    field: str | None = strawberry.field(
        default=None, description="The argument or purpose it is about; null where it is about none of them."
    )
    code: ErrorCode | None = strawberry.field(default=None, description="The reason for programs.")


@strawberry.type(description="What a mutation answers where it did not do what it was asked for.")
class OperationInfo:
    messages: list[OperationMessage] = strawberry.field(description="The reasons; one in most cases.")
