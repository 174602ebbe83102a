"""Every code that an error or a refusal can carry, and what it says. Imports nothing of ours.

`docs/errors.md` is made from this (`manage.py export_schema`), and a test holds it against the code that raises them.
"""

from collections.abc import Mapping
from enum import StrEnum

MEANINGS: Mapping[str, str] = {
    # --- what was asked
    "BAD_REQUEST": "The HTTP request is no GraphQL request, or asks for an operation that is not answered there.",
    "METHOD_NOT_ALLOWED": "GET is for queries, POST for everything; other methods are for nothing.",
    "SIGNED_IN_GET": "Whoever is signed in asks by POST: set useGETForQueries or preferGetMethod to false.",
    "GRAPHQL_PARSE_FAILED": "The document is not GraphQL.",
    "GRAPHQL_VALIDATION_FAILED": "The document does not fit the schema.",
    "LIMIT_EXCEEDED": "More than is taken in one call, or more of something than one person may have.",
    "TOO_SLOW": "The request's body took too long to come in (HTTP 408).",
    "RATE_LIMITED": "Too many requests in a short time; `retryAfter` and `Retry-After` tell the seconds to wait (HTTP 429).",
    "DEADLINE_EXCEEDED": "The answer took longer than a query may; ask for less at a time.",
    "PERSISTED_QUERY_NOT_FOUND": "No document of this installation has this id or hash; send the document itself.",
    "DOCUMENT_NOT_LISTED": "This installation answers listed documents alone (HTTP 403).",
    # --- who asks
    "SIGN_IN_REQUIRED": "Nobody is signed in.",
    "INVALID_TOKEN": "The bearer token is unknown, has run out or was revoked (HTTP 401).",
    "INSUFFICIENT_SCOPE": "The token may not be used for this; the message names the scopes it lacks.",
    "CSRF_FAILED": "A session's cookie came without its CSRF token, or from another origin (HTTP 403).",
    "REAUTHENTICATION_REQUIRED": "The password has to be told again.",
    "WRONG_PASSWORD": "This is not the password.",
    "NO_PASSWORD": "The account has no password that could be changed or asked for.",
    "WEAK_PASSWORD": "The new password is easy to guess; the message says why.",
    # --- what is permitted
    "REFUSED": "No, for a reason that the message tells.",
    "NOT_ALLOWED": "You see it, and may not do this with it.",
    "NOT_FOUND": "There is no such thing, or none that you may see.",
    "CONSENT_MISSING": "It rests on a purpose that is not granted; `field` names the purpose.",
    "PURPOSE_NOT_USED": "Nothing here uses this purpose, so it cannot be granted.",
    "GUARDIAN_REQUIRED": "A guardian answers this for a minor.",
    "GPC_SIGNAL": "The browser sends Sec-GPC, which says no.",
    "PRIVATE_SESSION": "A private session is on, or was on when it was played.",
    "NOT_CONFIRMED": "The confirmation is not your handle.",
    # --- how things stand
    "CONFLICT": "The state of things does not admit it; ask again how they stand.",
    "ALREADY_FRIENDS": "You are friends already.",
    "HANDLE_TAKEN": "Somebody has this handle.",
    "IDEMPOTENCY_KEY_REUSED": "Another call was sent with this key.",
    "IMPORT_RUNNING": "The import is still running.",
    "ROOM_FULL": "The room has as many guests as it takes.",
    "ROOM_MOVED_ON": "Somebody else was quicker; the answer of `room` tells the step that counts.",
    "TOO_MANY_ROOMS": "You are in as many rooms as one may be.",
    "CATALOG_QUOTA": "More new music than one person's apps may bring in an hour.",
    "ALL_OF_IT": "A split would leave nothing of it (staff).",
    "NOT_NAMED": "No play names it any more (staff).",
    "OPERATORS_OWN": "It is of the operator's own catalog (staff).",
    "UNDONE": "It was taken back before (staff).",
    # --- values
    "INVALID": "A value is wrong; `field` names it.",
    "INVALID_ID": "No id of this installation, or one of another type.",
    "INVALID_CURSOR": "`after` is no cursor of this list and viewer.",
    "INVALID_EMPTY": "A text that has to say something is empty or absent.",
    "INVALID_TOO_LONG": "A text is too long; the message says how long it may be.",
    "INVALID_CHARACTERS": "A text holds control characters.",
    "INVALID_TYPE": "The value is of another type than it has to be.",
    "INVALID_HANDLE": "A handle is made of letters, digits and a few signs; the message names them.",
    "INVALID_KIND": "A track where artists are asked for, or an artist where tracks are.",
    "INVALID_POSITION": "The position is not in the playlist; they begin at 0.",
    "INVALID_TIME": "No moment, one that is ambiguous, or one that lies in the future.",
    "INVALID_TRACK": "A play names its track by `trackId` or by `track`, and by one of them.",
    "NOTHING_CHOSEN": "It does not say which plays are meant.",
    "INVALID_URL": "No address of a music server.",
    "INVALID_INVITATION": "A link that makes no friend of anybody: unknown, over, used up, taken back, or one's own.",
    # --- music servers
    "LIBRARY_WRONG_PASSWORD": "The music server does not know this name with this password.",
    "LIBRARY_UNREACHABLE": "The music server does not answer.",
    "LIBRARY_NO_SERVER": "What answers there is no music server.",
    "LIBRARY_NO_SIGN_IN": "The music server takes none of the ways in which this could sign in.",
    "LIBRARY_NOT_PERMITTED": "The music server does not let this account do that.",
    "LIBRARY_NOT_FOUND": "The music server does not have that any more.",
    "LIBRARY_FAILED": "The music server failed.",
    "LIBRARY_TOO_LARGE": "The music server answers with more than is read.",
    "LIBRARY_INCOMPATIBLE": "The music server speaks another version of the protocol.",
    "LIBRARY_NOT_ALLOWED": "This installation may not ask this server (LIBRARY_SERVERS).",
    "LIBRARY_NEEDS_TLS": "The server wants the password itself, and has no encryption.",
    "LIBRARY_HAS_NONE": "The music server has nothing of this playlist.",
    # --- files
    "FILE_TOO_LARGE": "The file holds more bytes than the installation takes.",
    "NOT_RECOGNIZED": "The file is none of the formats that are read.",
    "DAMAGED_ARCHIVE": "The archive cannot be unpacked.",
    "ARCHIVE_TOO_LARGE": "The archive holds more than is unpacked.",
    # --- our side
    "INTERNAL": "A fault of ours; the message tells no more.",
    "ERROR": "An error of the installation that has no name of its own.",
    "FAILED": "Something failed that you could not have done better.",
    "IMPORT_FAILED": "An import could not be read; nothing of it was stored.",
    "TRAINING_FAILED": "A training ended with an error.",
    "LEASE_LOST": "Another worker took a training over.",
    "MODEL_UNAVAILABLE": "There is a recommender, and it cannot be read at the moment.",
    "PAST_THE_GATE": "A fault of ours: something was about to be written past the gate.",
    "NOT_PRESENTED": "A fault of ours: something was about to be answered past the pipeline.",
    "SERVICE_FAILED": "A part of the installation does not run.",
}

ErrorCode = StrEnum("ErrorCode", {code: code for code in MEANINGS})  # type: ignore[misc]  # mypy wants them written out
