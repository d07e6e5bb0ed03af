"""Random programs with small whole numbers, and scipy's own HiGHS as a second opinion."""

import numpy as np
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, milp

from surrogate.programs import Program, Status

STATUSES = {
    0: {Status.OPTIMAL},
    2: {Status.INFEASIBLE, Status.INFEASIBLE_OR_UNBOUNDED},
    3: {Status.UNBOUNDED, Status.INFEASIBLE_OR_UNBOUNDED},
    4: {Status.UNBOUNDED, Status.INFEASIBLE, Status.INFEASIBLE_OR_UNBOUNDED},  # scipy: one of them
}


def random_program(seed, *, integers=True):
    """Open and closed bounds, rows with one side, two or the same twice, in either sense."""
    rng = np.random.default_rng(seed)
    n, rows = rng.integers(1, 7), rng.integers(0, 6)
    matrix = rng.integers(-3, 4, (rows, n)) * (rng.random((rows, n)) < 0.7)
    inside = rng.integers(-3, 4, n)
    lower = np.where(rng.random(n) < 0.85, inside - rng.integers(0, 4, n), -np.inf)
    upper = np.where(rng.random(n) < 0.85, inside + rng.integers(0, 4, n), np.inf)
    activity = matrix @ inside + rng.integers(-1, 2, rows) * (rng.random() < 0.4)
    row_lower = np.where(rng.random(rows) < 0.6, activity - rng.integers(0, 3, rows), -np.inf)
    row_upper = np.where(rng.random(rows) < 0.6, activity + rng.integers(0, 3, rows), np.inf)
    return Program(
        cost=rng.integers(-3, 4, n).astype(float),
        lower=lower,
        upper=upper,
        integer=(rng.random(n) < 0.5) & integers,
        matrix=sparse.csr_array(matrix.astype(float)),
        row_lower=row_lower,
        row_upper=row_upper,
        offset=float(rng.integers(-5, 6)),
        maximize=bool(rng.random() < 0.5),
    )


def by_scipy(program, *, relaxed=False):
    """The statuses that are right, and the optimum (None without one)."""
    sign = -1.0 if program.maximize else 1.0
    rows = LinearConstraint(program.matrix.toarray(), program.row_lower, program.row_upper)
    found = milp(
        sign * program.cost,
        integrality=program.integer & (not relaxed),
        bounds=Bounds(program.lower, program.upper),
        constraints=[rows] if program.n_rows else [],
    )
    optimum = None if found.x is None else sign * found.fun + program.offset
    return STATUSES[found.status], optimum
