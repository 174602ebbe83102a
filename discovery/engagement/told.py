"""Which cohorts a report tells of. Pure.

A cohort of fewer than k people is told of nowhere. Nor can one be found by taking what is told of cohorts from what is told
of everybody: what would be left is nobody, or k people or more.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date


def told_cohorts(people: Mapping[date, int], k: int) -> frozenset[date]:
    """Of these cohorts, by how many people are in each."""
    told = {cohort for cohort, number in people.items() if number >= k}
    rest = sum(number for cohort, number in people.items() if cohort not in told)
    for cohort in sorted(told, key=lambda cohort: (people[cohort], cohort)):
        if rest == 0 or rest >= k:
            break
        told.remove(cohort)
        rest += people[cohort]
    return frozenset(told)
