"""The recommendation in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from surrogate.choosing.candidates import Architecture, Candidate, Criterion
from surrogate.choosing.worth import Surpassed

_NAMED = 4  # of those that cannot be told apart; how many more there are is said

_BOUNDARY = (
    " Its optimum lies on the boundary of the validity domain: better decisions may lie beyond, "
    "where the data end."
)


_UNKNOWN = " The optimum is not known: how far the best found is from it, nothing here says."

_SUPERLATIVE: Mapping[Criterion, str] = MappingProxyType(
    {
        "regret": "has the lowest regret",
        "behind": "makes the best decision",
        "mae": "is the most accurate",
    }
)
_QUALITY: Mapping[Criterion, str] = MappingProxyType(
    {"regret": "regret", "behind": "decisions", "mae": "accuracy"}
)


@dataclass(frozen=True)
class Choice:
    """What a sentence tells.

    contenders  the chosen one and those that the restarts cannot rule out, the fastest first
    runner_up   what comes next, None without a rival
    decided     whether the others are ruled out
    found       all candidates of the study
    senses      2 for a box, that is minimised and maximised, 1 for a problem
    surpassed   the stated optimum, where a decision beats it
    """

    chosen: Candidate
    contenders: Sequence[Candidate]
    runner_up: Candidate | None
    decided: bool
    found: Sequence[Candidate]
    senses: int
    surpassed: Surpassed | None = None


def named(architecture: Architecture, found: Sequence[Candidate]) -> str:
    """An architecture by what tells it from the others of the study: 3x8, or 3x8 (best, auto)."""
    studied = [c.architecture for c in found]
    recipe = [architecture.recipe] if len({a.recipe for a in studied}) > 1 else []
    encoding = [architecture.encoding] if len({a.encoding for a in studied}) > 1 else []
    details = ", ".join([*recipe, *encoding])
    return f"{architecture.layout} ({details})" if details else architecture.layout


def sentence(choice: Choice) -> str:
    """What to use, how good it is, why, and what that rests on."""
    chosen = choice.chosen
    solves = chosen.trial.solves if chosen.trial else 0
    several = len({c.architecture.recipe for c in choice.found}) > 1
    scope = "function" if choice.senses > 1 else "problem"
    return (
        f"Use {named(chosen.architecture, choice.found)}: its best {_net(chosen)} has a test MAE "
        f"of {_worth(chosen)} and {_effort(choice)}; {_reason(choice)}. This rests on "
        f"{_counted(len(chosen.entrant.losses), 'restart')} per layout, on "
        f"{_counted(solves, 'solve')} of that one {_net(chosen, short=True)}, and on this {scope}"
        f"{'' if several else ' and training recipe'}."
        f"{_BOUNDARY if chosen.deciding.boundary else ''}"
        f"{_UNKNOWN if chosen.criterion == 'behind' else ''}"
        f"{f' {choice.surpassed}' if choice.surpassed else ''}"
    )


def _net(chosen: Candidate, short: bool = False) -> str:
    """A net, or the restart that several make up."""
    networks = chosen.accuracy.networks
    if networks == 1:
        return "net"
    return "restart" if short else f"restart, {networks} nets,"


def _worth(chosen: Candidate) -> str:
    match chosen.criterion:
        case "regret":
            return f"{chosen.mae:.2g} and a regret of {_percent(chosen.loss)},"
        case "behind":
            return (
                f"{chosen.mae:.2g} and a decision worth {chosen.deciding.repaired:.6g} after "
                f"repair, {_percent(chosen.loss)} behind the best found,"
            )
    return f"{chosen.mae:.2g}"


def _percent(loss: float) -> str:
    return f"{100 * loss:.2f} %"


def _effort(choice: Choice) -> str:
    chosen, box = choice.chosen, choice.senses > 1
    if chosen.trial is None or chosen.trial.solved == chosen.trial.solves:
        verb = "is minimised and maximised over its box" if box else "is solved"
        return f"{verb} in {chosen.seconds:.2g} s"
    where = " in both directions over its box" if box else ""
    return (
        f"takes {chosen.seconds:.2g} s{where}, where only {chosen.trial.solved} of "
        f"{_counted(chosen.trial.solves, 'solve')} ended with a proof"
    )


def _reason(choice: Choice) -> str:
    chosen, contenders = choice.chosen, choice.contenders
    superlative = _SUPERLATIVE[chosen.criterion]
    restarts = len(chosen.entrant.losses)
    if restarts == 1:
        return f"it {superlative} of one restart each, which leaves its luck unknown"
    if len(contenders) > 1:
        return (
            f"it is the fastest to solve of the {_kind(choice)} whose "
            f"{_QUALITY[chosen.criterion]} {restarts} restarts cannot tell apart "
            f"({_listed(choice)})"
        )
    reason = f"it {superlative} in {chosen.wins:.0%} of the bootstrap resamples"
    if choice.runner_up is None:
        return reason
    other = choice.runner_up
    doubt = "" if choice.decided else ", which is too few to decide"
    return (
        f"{reason}{doubt}; the runner-up is {named(other.architecture, choice.found)} (test MAE "
        f"{other.mae:.2g}, {_loss(other)}{other.seconds:.2g} s)"
    )


def _loss(other: Candidate) -> str:
    match other.criterion:
        case "regret":
            return f"regret {_percent(other.loss)}, "
        case "behind":
            return f"{_percent(other.loss)} behind the best found, "
    return ""


def _kind(choice: Choice) -> str:
    plain = len({c.architecture.layout for c in choice.found}) == len(choice.found)
    return "layouts" if plain else "architectures"


def _listed(choice: Choice) -> str:
    names = [named(c.architecture, choice.found) for c in choice.contenders]
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")


def _counted(n: int, noun: str) -> str:
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"
