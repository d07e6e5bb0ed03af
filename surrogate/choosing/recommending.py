"""The recommendation: one architecture under the user's limits, and how sure it is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from math import isnan
from numbers import Real

import pandas as pd

from surrogate.choosing.candidates import (
    Architecture,
    Candidate,
    Criterion,
    candidates,
    compared,
    criterion_of,
)
from surrogate.choosing.wording import Choice, named, sentence
from surrogate.choosing.worth import surpassed
from surrogate.errors import InputError, NoChoiceError

_UNDECIDED = 0.05
"""An architecture that wins with at least this probability cannot be ruled out as the best."""
_OF_LEADER = 0.25
"""Nor one with this part of the leader's probability: many rivals can have less than 5 % each."""
_DECIDED = 0.5
"""One that stands alone is decided on when it wins most resamples."""


@dataclass(frozen=True)
class Recommendation:
    """Which architecture to use, and why.

    layout, recipe, encoding   the choice
    restart    its net, or its nets together; `Results.net_paths` has the files
    mae        their test MAE
    regret     the regret of its decision, None where the study knows none
    repaired   what its decision is worth after the repair, None where no truth is known
    behind     how far that stays behind the best of the study, None where no truth is known
    seconds    its solve seconds, all senses of the problem together
    wins       how probable it is, in a bootstrap resample of all restarts, that it is the best
    runner_up  what comes next, None without a rival
    decided    whether the data rule out every other architecture as the best
    sentence   the recommendation in words
    """

    layout: str
    recipe: str
    encoding: str
    restart: int
    mae: float
    regret: float | None
    repaired: float | None
    behind: float | None
    seconds: float
    wins: float
    runner_up: Architecture | None
    decided: bool
    sentence: str


def recommend(
    nets: pd.DataFrame,
    solves: pd.DataFrame,
    layouts: Sequence[str],
    *,
    max_mae: float | None = None,
    max_regret: float | None = None,
    max_seconds: float | None = None,
) -> Recommendation:
    """The fastest of the architectures that the restarts cannot rule out as the best.

    `nets` has one row per restart (`together`). The best has the lowest regret; where no optimum is
    known, it stays least behind the best decision of the study; without a truth it has the lowest
    test MAE. An architecture is ruled out when its best net wins less than 5 % of the bootstrap
    resamples over restarts, or less than a quarter of what the leader wins if that is less. With
    limits, only architectures within them compete: `max_regret` is relative (0.02 is 2 %),
    `max_seconds` is for all senses of the problem together. Raises `NoChoiceError` when none can be
    chosen, naming the closest to a limit that none meets, and `InputError` for a `max_regret` where
    no regret is known.
    """
    return recommend_among(
        candidates(nets, solves, layouts),
        solves,
        max_mae=max_mae,
        max_regret=max_regret,
        max_seconds=max_seconds,
    )


def recommend_among(
    found: Sequence[Candidate],
    solves: pd.DataFrame,
    *,
    max_mae: float | None = None,
    max_regret: float | None = None,
    max_seconds: float | None = None,
) -> Recommendation:
    """`recommend`, where the candidates of the study are known."""
    limits = (
        _Limit("regret", max_regret, lambda c: c.regret),
        _Limit("test MAE", max_mae, lambda c: c.mae),
        _Limit("solve seconds", max_seconds, lambda c: c.seconds),
    )
    if max_regret is not None and criterion_of(found) != "regret":
        raise InputError(
            f"max_regret = {max_regret}, but this study knows no regret: "
            f"{_why_no_regret(solves, criterion_of(found))}"
        )
    rivals = _within([c for c in found if c.eligible], limits, found)
    rivals = compared(rivals)
    leader = max(c.wins for c in rivals)
    open_to_doubt = min(_UNDECIDED, _OF_LEADER * leader)
    contenders = sorted((c for c in rivals if c.wins >= open_to_doubt), key=_by_speed)
    chosen, runner_up = contenders[0], _runner_up(contenders, rivals)
    restarts = len(chosen.entrant.losses)
    decided = len(contenders) == 1 and chosen.wins > _DECIDED and restarts > 1
    return Recommendation(
        layout=chosen.architecture.layout,
        recipe=chosen.architecture.recipe,
        encoding=chosen.architecture.encoding,
        restart=chosen.restart,
        mae=chosen.mae,
        regret=_or_none(chosen.regret),
        repaired=_or_none(chosen.deciding.repaired),
        behind=_or_none(chosen.deciding.behind),
        seconds=chosen.seconds,
        wins=chosen.wins,
        runner_up=runner_up.architecture if runner_up else None,
        decided=decided,
        sentence=sentence(
            Choice(
                chosen,
                contenders,
                runner_up,
                decided,
                found,
                _senses(solves),
                surpassed(solves, solves),
            )
        ),
    )


def _or_none(value: float) -> float | None:
    return None if isnan(value) else value


def _why_no_regret(solves: pd.DataFrame, criterion: Criterion) -> str:
    """The reason with its remedy."""
    if criterion == "mae":
        return (
            "its problem has no truth, or nothing is solved; limit the error with max_mae "
            "(--max-mae)"
        )
    if solves["optimum"].isna().all():
        return (
            "the optimum of its problem is unknown; if you know it, add `optimum = ...` to the "
            "problem's file and run again into another folder, or limit the error with max_mae "
            "(--max-mae)"
        )
    return (
        "no repair makes any decision feasible under the truth; train with more restarts or "
        "neurons, or loosen the problem's constraints"
    )


@dataclass(frozen=True)
class _Limit:
    what: str
    value: float | None
    figure: Callable[[Candidate], float]

    def __post_init__(self) -> None:
        number = isinstance(self.value, Real) and not isinstance(self.value, bool)
        if self.value is not None and not (number and self.value >= 0):
            raise InputError(
                f"the limit on {self.what} is {self.value!r}; give a number, at least 0"
            )


def _within(
    rivals: list[Candidate], limits: Sequence[_Limit], found: Sequence[Candidate]
) -> list[Candidate]:
    """The rivals within all limits; the error names the first limit that leaves none."""
    if not rivals:
        raise NoChoiceError(
            "no architecture can be recommended: every best restart is dead, unsolved or failed "
            "its audit, or no repair makes its decision feasible; train with more epochs or "
            "restarts, or raise the time limit"
        )
    met = ""
    for limit in limits:
        if limit.value is None:
            continue
        kept = [c for c in rivals if limit.figure(c) <= limit.value]
        if not kept:
            closest = min(rivals, key=limit.figure)
            raise NoChoiceError(
                f"no architecture{met} has {limit.what} <= {limit.value:g}; the closest is "
                f"{named(closest.architecture, found)} with {limit.figure(closest):.3g}: relax the "
                f"limit or spend {'fewer' if 'seconds' in limit.what else 'more'} neurons",
                {
                    **asdict(closest.architecture),
                    "restart": closest.restart,
                    "limited": limit.what,
                    "limit": limit.value,
                    "figure": limit.figure(closest),
                },
            )
        rivals, met = kept, f"{met or ' with'} {limit.what} <= {limit.value:g}"
    return rivals


def _runner_up(contenders: Sequence[Candidate], rivals: Sequence[Candidate]) -> Candidate | None:
    """The next of the contenders, or else of the rivals the one that wins most often."""
    if len(contenders) > 1:
        return contenders[1]
    others = [c for c in rivals if c is not contenders[0]]
    return min(others, key=lambda c: (-c.wins, c.loss, c.seconds), default=None)


def _by_speed(candidate: Candidate) -> tuple[float, float]:
    return candidate.seconds, candidate.loss


def _senses(solves: pd.DataFrame) -> int:
    return int(solves["sense"].nunique())
