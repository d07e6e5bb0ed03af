"""The arguments of a training, refused before any time goes into them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from numbers import Real
from typing import Any, Literal, get_args

from surrogate.arguments import check_time_limit, check_whole
from surrogate.datasets import Split
from surrogate.errors import InputError
from surrogate.layouts import layout_widths
from surrogate.training.objectives import Objective
from surrogate.training.starts import STARTS

Recipe = Literal["best", "origin"]

MOST_PARAMETERS = 10_000
"""Of the recipe "best": the curvature then has 0.8 GB, and one iteration takes seconds."""


def checked_layout(layout: Any) -> tuple[int, ...]:
    """The widths of the hidden layers. Raises `InputError` for what names no layout."""
    if not isinstance(layout, str):
        raise InputError(f"layout is {layout!r}; give a text such as '3x8'")
    return layout_widths(layout)


def check_search(objective: Any, restarts: Any, seed: Any) -> None:
    """Refuse what no search can take."""
    _check_choice("objective", objective, get_args(Objective))
    check_whole("restarts", restarts, 1)
    check_whole("seed", seed, 0)


def check_recipe(recipe: Any, start: Any, time_limit: Any) -> None:
    """Refuse what no recipe, or not this one, can take."""
    _check_choice("recipe", recipe, get_args(Recipe))
    _check_choice("start", start, tuple(STARTS))
    check_time_limit(time_limit)
    if recipe == "origin" and time_limit is not None:
        raise InputError(
            'the recipe "origin" always trains 100 epochs; leave out time_limit, or use "best"'
        )


def check_solvability(solvability: Any, recipe: Recipe, objective: Objective) -> None:
    """Refuse what is no strength, or has no part in this recipe and objective."""
    number = isinstance(solvability, Real) and not isinstance(solvability, bool)
    if not number or not 0.0 <= solvability < math.inf:
        raise InputError(f"solvability is {solvability!r}; give a strength such as 1, or 0")
    if solvability and (recipe, objective) != ("best", "mae"):
        raise InputError(
            f"solvability {solvability:g} is for the recipe 'best' and the objective 'mae', not "
            f"{recipe!r} and {objective!r}; leave it out, or change these"
        )


def count_parameters(split: Split, widths: Sequence[int]) -> int:
    """Weights and biases of a network with these hidden layers."""
    sizes = (split.train.inputs.shape[1], *widths, split.train.outputs.shape[1])
    return sum((a + 1) * b for a, b in pairwise(sizes))


def check_parameters(parameters: int) -> None:
    """Refuse more than the curvature of the recipe "best" has room for."""
    if parameters > MOST_PARAMETERS:
        raise InputError(
            f"the layout has {parameters:,} parameters, the recipe 'best' takes at most "
            f"{MOST_PARAMETERS:,}; spend fewer neurons, or take the recipe 'origin'"
        )


def _check_choice(name: str, given: Any, known: Sequence[str]) -> None:
    if given not in known:
        raise InputError(f"{name} {given!r} is unknown; choose one of {', '.join(known)}")
