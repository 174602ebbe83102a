"""Rules for several people who are in one place at once, put together from those of ``policies``."""

from collections.abc import Collection, Sequence

from accounts.models import User
from accounts.pairs import social_pairs


def without_blocks(people: Sequence[User], blocked: Collection[frozenset[int]]) -> list[User]:
    """Of ``people``, in their order, who may be together: active, and no ``blocked`` pair with anybody before.

    Who came first stays: whichever side blocks, it is the later of the two who is not there.
    """
    together: list[User] = []
    for person in people:
        if person.is_active and not any(frozenset((person.pk, other.pk)) in blocked for other in together):
            together.append(person)
    return together


def shared_among(people: Sequence[User]) -> frozenset[int]:
    """The keys of those whose plays may shape, by name, what all of ``people`` are shown as one.

    The mutual rule towards each of the others, and NAMED towards each: in one list for all, what is kept
    from one person is kept out altogether. Four queries, however many people.
    """
    keys = {person.pk for person in people}
    pairs = social_pairs(keys)
    named = {
        viewer: {source.user_id for source in pairs.get(viewer, ()) if source.named} | {viewer}
        for viewer in keys
    }
    return frozenset(key for key in keys if all(key in reached for reached in named.values()))
