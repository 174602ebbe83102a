"""What can be wrong with a round, each with its code."""

from __future__ import annotations

from discovery.platform.errors import Conflict, InvalidInput, NotFound

FEWEST = 3  # of two servers, the total less one's own is the other's


def foreign(why: str) -> InvalidInput:
    return InvalidInput(f"The file does not belong to this round: {why}.", code="ROUND_FOREIGN")


def garbled(why: str) -> InvalidInput:
    return InvalidInput(f"The files do not add up: {why}. Begin a new round.", code="ROUND_GARBLED")


def too_few(number: int) -> Conflict:
    return Conflict(
        f"A round takes {FEWEST} servers or more; here are {number}. Of fewer, one's own taken off leaves the other's.",
        code="ROUND_TOO_FEW",
    )


def incomplete(missing: list[str], twice: list[str]) -> Conflict:
    told = [
        f"{what} {', '.join(signers)}"
        for what, signers in (("there is none of", missing), ("there are several of", twice))
        if signers
    ]
    return Conflict(
        f"A round takes one file of each of its servers: {'; '.join(told)}. Nobody can do without one that does not come: drop the round, "
        "and begin a new one without that server.",
        code="ROUND_INCOMPLETE",
    )


def too_large(why: str) -> InvalidInput:
    return InvalidInput(f"The round is too large: {why}.", code="ROUND_TOO_LARGE")


def nothing_agreed() -> Conflict:
    return Conflict("No item is above the floor on each of these servers.", code="ROUND_EMPTY")


def key_used(why: str) -> Conflict:
    return Conflict(f"A key of a round is used once: {why}. Begin a new round.", code="ROUND_KEY_USED")


def unknown(round_id: str) -> NotFound:
    return NotFound(
        f"Nothing is held here of a round {round_id} that could go on so: it was not begun or masked here, or is joined already.",
        code="ROUND_UNKNOWN",
    )


def overlaps(signer: str) -> Conflict:
    return Conflict(
        f"The sums of {signer} are in a joined round already and would count twice; leave that first.",
        code="ROUND_OVERLAPS",
    )
