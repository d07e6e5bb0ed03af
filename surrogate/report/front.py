"""The table of all architectures: how good, how slow, who is on the front; and the same as data."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from math import isfinite, isinf, isnan
from types import MappingProxyType
from typing import Any

from surrogate.choosing import (
    Candidate,
    Criterion,
    Recommendation,
    Share,
    Spread,
    criterion_of,
    surpassed,
)
from surrogate.errors import NoChoiceError
from surrogate.report.table import Column, Table, digits, naming, number, percent, table_of
from surrogate.study import Results

_ACCURACY: tuple[Column[Candidate], ...] = (
    ("restart", lambda c: f"r{c.restart:02d}"),
    ("test MAE x10^3", lambda c: digits(c.mae * 1e3)),
    ("over restarts", lambda c: _range(c.accuracy.mae, _thousandths)),
    ("max error x10^3", lambda c: digits(c.accuracy.max_error_best * 1e3)),
    ("over restarts", lambda c: _range(c.accuracy.max_error, _thousandths)),
)

_TRUTH: tuple[Column[Candidate], ...] = (
    ("error at decision x10^3", lambda c: _thousandths(c.deciding.error)),
    ("over restarts", lambda c: _range(c.deciding.errors, _thousandths)),
    ("infeasible", lambda c: _share(c.deciding.infeasible)),
    ("violation", lambda c: number(c.deciding.violation, ".1e")),
    ("worth after repair", lambda c: _value(c.deciding.repaired)),
)

_LOSS: Mapping[Criterion, tuple[Column[Candidate], ...]] = MappingProxyType(
    {
        "regret": (
            ("regret %", lambda c: _percent(c.regret)),
            ("over restarts", lambda c: _range(c.deciding.regrets, _percent)),
        ),
        "behind": (
            ("behind the best found %", lambda c: _percent(c.deciding.behind)),
            ("over restarts", lambda c: _range(c.deciding.behinds, _percent)),
        ),
        "mae": (),
    }
)

_TITLES: Mapping[Criterion, str] = MappingProxyType(
    {
        "regret": "Regret against solve time",
        "behind": "Distance from the best decision found against solve time",
        "mae": "Accuracy against solve time",
    }
)
_BEST: Mapping[Criterion, tuple[str, str]] = MappingProxyType(
    {
        "regret": ("least regret in", "has the lowest regret"),
        "behind": ("best decision in", "makes the best decision"),
        "mae": ("most accurate in", "has the lowest test MAE"),
    }
)
"""The heading of the column with the bootstrap, and what a net does there."""

_BOUNDARY: tuple[Column[Candidate], ...] = (
    ("on the domain's boundary", lambda c: "yes" if c.deciding.boundary else ""),
)

_TIME: tuple[Column[Candidate], ...] = (
    ("solve s", lambda c: _seconds(c.seconds)),
    ("over seeds", lambda c: _range(c.trial.seconds, _seconds) if c.trial else "-"),
    ("over restarts", lambda c: _range(c.deciding.seconds, _seconds)),
    ("timeouts", lambda c: f"{c.trial.timeouts} of {c.trial.solves}" if c.trial else "-"),
)


def front_table(results: Results) -> Table:
    """One row per architecture of the study; regrets and what else needs a truth, where known."""
    found = results.candidates
    truth = any(not isnan(c.deciding.errors.median) for c in found)
    criterion = criterion_of(found)
    beaten = surpassed(results.solves, results.solves)
    keys, networks = architecture_columns(found), len(results.surrogates)
    return table_of(
        title=(
            f"{_TITLES[criterion]}, best restart of each "
            f"{'layout' if len(keys) == 1 else 'architecture'}"
        ),
        columns=(
            *keys,
            *_ACCURACY,
            *(_TRUTH if truth else ()),
            *_LOSS[criterion],
            *(_BOUNDARY if any(c.deciding.boundary for c in found) else ()),
            *_TIME,
            ("Pareto front", _standing),
            (_BEST[criterion][0], lambda c: f"{c.wins:.0%}" if c.eligible else ""),
        ),
        items=found,
        keys=len(keys),
        notes=(
            *([str(beaten)] if beaten else ()),
            *_notes(criterion, networks),
            *(_truth_notes(criterion, networks) if truth else ()),
        ),
    )


def architecture_columns(found: Sequence[Candidate]) -> tuple[Column[Candidate], ...]:
    """What tells the architectures of a study apart."""
    return naming(
        found,
        ("layout", lambda c: c.architecture.layout),
        ("recipe", lambda c: c.architecture.recipe),
        ("encoding", lambda c: c.architecture.encoding),
    )


def _standing(candidate: Candidate) -> str:
    if candidate.dead:
        return "dead"
    if candidate.eligible:
        return "yes" if candidate.on_front else ""
    trial = candidate.trial
    if trial and trial.audited == trial.solves and isinf(candidate.loss):
        return "not repairable"
    return "not solved" if trial else "not run"


def _notes(criterion: Criterion, networks: int) -> tuple[str, ...]:
    heading, does = _BEST[criterion]
    return (
        f"{heading.capitalize()}: how probable it is, in a bootstrap resample of the restarts, "
        f"that the best net {does}; among equals the faster solve wins. Dead: "
        f"{'a' if networks > 1 else 'the'} net is constant, so solving it fast is worth nothing.",
        "Over restarts: 95 % bootstrap interval of the median, dead restarts included; over "
        "seeds: smallest to largest. A solve that reached the time limit counts with its time.",
    )


def _truth_notes(criterion: Criterion, networks: int) -> tuple[str, ...]:
    measured = {
        "regret": "A regret counts after the repair.",
        "behind": "Behind the best found: of all repaired decisions of this study, relative to the "
        "best one's absolute value, or where that is 0 to the spread of all; the optimum is not "
        "known.",
        "mae": "",
    }
    return (
        "Error at decision: the largest difference of net and truth where the solver decided"
        f"{', relative to half the range of what the net learned' if networks > 1 else ''}. "
        "Infeasible: restarts with a decision that violates the model under the truth by more than "
        "1e-06, before the repair; violation: the largest. Worth after repair: the objective of "
        "the decision once it is truly feasible; none: no decision was found, or none that can be "
        f"repaired. {measured[criterion]}".rstrip(),
    )


def choice_record(results: Results, choice: Recommendation | NoChoiceError) -> dict[str, Any]:
    """The recommendation and every architecture in plain values; what is not known is None.

    Without a recommendation there is the reason, and which architecture is the closest.
    """
    found = results.candidates
    refusal = choice if isinstance(choice, NoChoiceError) else None
    record = {
        "recommendation": None if isinstance(choice, NoChoiceError) else asdict(choice),
        "reason": str(refusal) if refusal else None,
        "closest": refusal.closest if refusal else None,
        "complete": results.stored,
        "architectures": [_record(c) for c in found],
    }
    plain: dict[str, Any] = _without_nan(record)
    return plain


def _record(candidate: Candidate) -> dict[str, Any]:
    trial = asdict(candidate.trial) if candidate.trial else {"solves": 0}
    return {
        **asdict(candidate.architecture),
        "restart": candidate.restart,
        "mae": candidate.mae,
        "mae_over_restarts": asdict(candidate.accuracy.mae),
        "max_error": candidate.accuracy.max_error_best,
        "max_error_over_restarts": asdict(candidate.accuracy.max_error),
        "deciding": asdict(candidate.deciding),
        "solving": trial,
        "dead": candidate.dead,
        "eligible": candidate.eligible,
        "on_front": candidate.on_front,
        "wins": candidate.wins,
    }


def _without_nan(value: Any) -> Any:
    match value:
        case dict():
            return {key: _without_nan(item) for key, item in value.items()}
        case list() | tuple():
            return [_without_nan(item) for item in value]
        case float():
            return value if isfinite(value) else None
    return value


def _range(spread: Spread, form: Callable[[float], str]) -> str:
    return "-" if isnan(spread.median) else f"{form(spread.low)} to {form(spread.high)}"


def _share(share: Share) -> str:
    if not share.total:
        return "-"
    return f"{share.count} of {share.total} ({share.low:.0%} to {share.high:.0%})"


def _thousandths(value: float) -> str:
    return "-" if isnan(value) else digits(value * 1e3)


def _percent(loss: float) -> str:
    return "none" if isinf(loss) else percent(loss)


def _value(objective: float) -> str:
    return "none" if isinf(objective) else number(objective, ".6g")


def _seconds(value: float) -> str:
    return number(value, ".3f")
