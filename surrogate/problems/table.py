"""The problems that a study can name."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from surrogate.errors import InputError
from surrogate.functions import FUNCTIONS
from surrogate.problems.linked_copies import linked_copies
from surrogate.problems.over_box import over_box
from surrogate.problems.pooling import POOLING
from surrogate.problems.pressure_vessel import PRESSURE_VESSEL
from surrogate.problems.problem import Problem
from surrogate.problems.reformer import REFORMER

_ALL: tuple[Problem, ...] = (
    *(over_box(FUNCTIONS[n]) for n in ("peaks", "rosenbrock", "branin", "hartmann3", "hartmann6")),
    *POOLING.values(),
    PRESSURE_VESSEL,
    linked_copies(FUNCTIONS["xy"], name="linked"),
    linked_copies(FUNCTIONS["peaks"]),
    linked_copies(FUNCTIONS["friedman"]),
    REFORMER,
)

PROBLEMS: Mapping[str, Problem] = MappingProxyType({problem.name: problem for problem in _ALL})
"""By name."""


def problem_named(name: str) -> Problem:
    """The problem a study names. Raises `InputError`, listing the known names."""
    if name not in PROBLEMS:
        raise InputError(f"problem {name!r} is unknown; choose one of {', '.join(PROBLEMS)}")
    return PROBLEMS[name]
