"""The list that is fair to all, found by linear programming where exchanging items one by one finds none.

Arrays only. Solver: HiGHS, through scipy.
"""

from __future__ import annotations

import numpy as np

from graph.arrays import Doubles, Rows

MARGIN = 0.05  # what choosing whole items may cost the least-served


def fair_columns(gain: Doubles, count: int, *, fair: float, mean_weight: float) -> Rows | None:
    """``count`` columns of ``gain`` [M, p] whose least row sum is, about, at least ``fair`` of the mean of the sums.

    They are the largest parts of the best list that may hold parts of items: of all that are fair by ``MARGIN``
    more (just fair, where none is), the one whose least sum and ``mean_weight`` of the mean are the most. It holds
    at most M + 2 items in part, so that the whole ones are close to it. None where no list is fair, not even one
    of parts.
    """
    for least in (fair + MARGIN, fair):
        parts = _parts(gain, count, fair=least, mean_weight=mean_weight)
        if parts is not None:
            return np.sort(np.argsort(-parts, kind="stable")[:count])
    return None


def _parts(gain: Doubles, count: int, *, fair: float, mean_weight: float) -> Doubles | None:
    """How much of each column [p], 0 to 1, the best fair list holds; None where there is none."""
    from scipy.optimize import linprog  # few blends come so far, and every process would carry it

    people, columns = gain.shape
    mean = gain.mean(axis=0)
    # One variable a column, from 0 to 1; the last is the least sum.
    least_is_least = np.column_stack([-gain, np.ones(people)])
    least_is_fair = np.append(fair * mean, -1.0)
    solution = linprog(
        c=-np.append(mean_weight * mean, 1.0),
        A_ub=np.vstack([least_is_least, least_is_fair]),
        b_ub=np.zeros(people + 1),
        A_eq=np.append(np.ones(columns), 0.0)[None, :],
        b_eq=[count],
        bounds=[(0, 1)] * columns + [(None, None)],
        method="highs-ds",
    )
    return None if solution.x is None else np.asarray(solution.x[:-1])
