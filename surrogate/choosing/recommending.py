"""The recommendation: one layout, and a sentence that says what it rests on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pandas as pd

from surrogate.choosing.candidates import Candidate, candidates, compared
from surrogate.errors import InputError

_UNDECIDED = 0.05
"""A layout that wins with at least this probability cannot be ruled out as the best."""


@dataclass(frozen=True)
class Recommendation:
    """Which layout to use, and why.

    layout, restart  the choice; its net is nets/LAYOUT-rNN.onnx of the results folder
    mae, seconds     its test MAE and its solve seconds (minimise plus maximise)
    wins             how probable it is, in a bootstrap resample, that it has the lowest MAE
    sentence         the recommendation in words
    """

    layout: str
    restart: int
    mae: float
    seconds: float
    wins: float
    sentence: str


def recommend(
    nets: pd.DataFrame,
    solves: pd.DataFrame,
    layouts: Sequence[str],
    *,
    max_mae: float | None = None,
    max_seconds: float | None = None,
) -> Recommendation:
    """The fastest of the layouts that the restarts cannot rule out as the most accurate.

    A layout is ruled out when its best net wins less than 5 % of the bootstrap resamples over
    restarts. With limits, only layouts within them compete. Raises `InputError` when no layout can
    be chosen, naming the closest to a limit that none meets.
    """
    rivals = [c for c in candidates(nets, solves, layouts) if c.eligible]
    if not rivals:
        raise InputError(
            "no layout can be recommended: every best restart is dead, unsolved or failed its "
            "audit; train with more epochs or restarts, or raise the time limit"
        )
    rivals = _within(rivals, "test MAE", max_mae, lambda c: c.mae)
    rivals = _within(rivals, "solve seconds", max_seconds, lambda c: c.seconds)
    undecided = [c for c in compared(rivals, nets) if c.wins >= _UNDECIDED]
    chosen = min(undecided, key=lambda c: (c.seconds, c.mae))
    restarts = int((nets["layout"] == chosen.layout).sum())
    return Recommendation(
        layout=chosen.layout,
        restart=chosen.restart,
        mae=chosen.mae,
        seconds=chosen.seconds,
        wins=chosen.wins,
        sentence=_sentence(chosen, undecided, restarts),
    )


def _within(
    rivals: list[Candidate],
    what: str,
    limit: float | None,
    figure: Callable[[Candidate], float],
) -> list[Candidate]:
    if limit is None:
        return rivals
    kept = [c for c in rivals if figure(c) <= limit]
    if not kept:
        closest = min(rivals, key=figure)
        raise InputError(
            f"no layout has {what} <= {limit:g}; the closest is {closest.layout} with "
            f"{figure(closest):.3g}: relax the limit or spend more neurons"
        )
    return kept


def _sentence(chosen: Candidate, undecided: Sequence[Candidate], restarts: int) -> str:
    return (
        f"Use {chosen.layout}: its best net has a test MAE of {chosen.mae:.2g} and "
        f"{_effort(chosen)}; {_reason(chosen, undecided, restarts)}. This rests on "
        f"{_counted(restarts, 'restart')} per layout, on "
        f"{_counted(chosen.solving.solves, 'solve')} of that one net, and on this function and "
        "training recipe."
    )


def _effort(chosen: Candidate) -> str:
    solving = chosen.solving
    if solving.solved == solving.solves:
        return f"is minimised and maximised over its box in {chosen.seconds:.2g} s"
    return (
        f"takes {chosen.seconds:.2g} s in both directions over its box, where only "
        f"{solving.solved} of {_counted(solving.solves, 'solve')} ended with a proof"
    )


def _reason(chosen: Candidate, undecided: Sequence[Candidate], restarts: int) -> str:
    if restarts == 1:
        return "it is the most accurate of one restart each, which leaves its luck unknown"
    if len(undecided) == 1:
        return f"it is the most accurate in {chosen.wins:.0%} of the bootstrap resamples"
    names = ", ".join([chosen.layout, *(c.layout for c in undecided if c is not chosen)])
    return (
        f"it is the fastest to solve of the layouts whose accuracy {restarts} restarts cannot tell "
        f"apart ({names})"
    )


def _counted(n: int, noun: str) -> str:
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"
