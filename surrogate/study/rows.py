"""Tasks and rows: what a study hands to its two tasks, and what it stores of their results.

A row's fields are the columns of the store and of the data frames; they are documented here and
nowhere else.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from surrogate.conventions import Sense
from surrogate.study.spec import Recipe, Study


@dataclass(frozen=True)
class TrainingTask:
    """Train one network of every restart of `layout` by `recipe`, and write each to `folder`.

    surrogate   which of the networks of a restart (`Lesson.name`)
    """

    study: Study
    layout: str
    recipe: Recipe
    surrogate: str
    folder: Path

    def __str__(self) -> str:
        """The task in a progress line."""
        return " ".join(["train", *_named(self.study, self.layout, self.recipe, self.surrogate)])


@dataclass(frozen=True)
class NetRow:
    """One trained network. Errors are in the units of the function's output.

    Errors of several outputs, or in a study of several networks a restart, are relative to half the
    range of each output.

    surrogate                   which of the networks of a restart it is: the name of the function
                                that it imitates; empty where a restart is one network
    mae, mse, max_error         mean absolute, mean squared and largest error on the test points
    training_mae                mean absolute error on the training points; it ranks the restarts
    dead                        a hidden layer is inactive at every test point: constant output
    active, inactive, unstable  hidden neurons by their interval bounds on the box
    onnxruntime_error           largest |onnxruntime - float64 forward pass| at 1000 points, on the
                                exported file
    seconds                     training time of its batch divided by the batch's restarts
    curve                       training loss per epoch
    """

    layout: str
    recipe: str
    restart: int
    surrogate: str
    file: str
    content_hash: str
    mae: float
    mse: float
    max_error: float
    training_mae: float
    dead: bool
    active: int
    inactive: int
    unstable: int
    onnxruntime_error: float
    seconds: float
    curve: tuple[float, ...]


Question = Sense | Literal["decide"]
"""Of a network's box both optima are asked for; a problem is solved for its decision."""


@dataclass(frozen=True)
class SolveTask:
    """Load the networks of one restart, embed them, and solve the study's problem around them."""

    study: Study
    layout: str
    recipe: str
    restart: int
    paths: tuple[Path, ...]
    content_hashes: tuple[str, ...]
    sense: Question
    solver_seed: int
    encoding: str

    def __str__(self) -> str:
        """The task in a progress line."""
        words = [self.sense, *_named(self.study, self.layout, self.recipe)]
        words += [self.encoding] if len(self.study.encodings) > 1 else []
        return f"{' '.join(words)} restart {self.restart} seed {self.solver_seed}"

    def row(self, status: str, **found: Any) -> SolveRow:
        """The row of this task: how it ended, and what was found."""
        return SolveRow(
            layout=self.layout,
            recipe=self.recipe,
            restart=self.restart,
            sense=self.sense,
            solver_seed=self.solver_seed,
            encoding=self.encoding,
            status=status,
            **found,
        )


@dataclass(frozen=True)
class SolveRow:
    """One solve. Sizes count all copies of all networks; times are seconds of wall clock.

    sense            a `Question`
    encoding         the one that was asked for
    largest_m        the largest big-M in the model
    build_seconds    from the loaded networks to the finished Pyomo model
    solve_seconds    from the Pyomo model to the loaded solution
    audit_error      largest |value in the model - float64 forward pass|; None without a solution
    pattern_matches  every binary agrees with the true activation pattern
    audit_passed     the pattern matches and the audit error is at most 1e-6
    maximize         the sense of the problem; None of a network's box
    optimum          of the true problem as it states it; None where it states none
    true_objective   the objective at the decision with the truth in place of the network
    violation        largest violation of the model's own rows then, 0 when feasible
    repaired         the objective after the repair to a feasible decision
    regret           (repaired - optimum) / scale in the problem's sense; 0.02 is 2 %
    decision_error   largest |network - truth| at the decision; in a study of several networks,
                     each relative to half the range of what it learns
    boundary         the data stop the optimum: it is on an edge of the validity domain that the
                     model's own bounds would let it cross; None without a solution, and of a
                     network's box alone
    message          why there is no answer, when there is none

    From true_objective to decision_error, None without a solution or without a truth.
    """

    layout: str
    recipe: str
    restart: int
    sense: str
    solver_seed: int
    encoding: str
    status: str
    variables: int | None = None
    binaries: int | None = None
    constraints: int | None = None
    nonzeros: int | None = None
    largest_m: float | None = None
    build_seconds: float | None = None
    solve_seconds: float | None = None
    objective: float | None = None
    bound: float | None = None
    nodes: int | None = None
    iterations: int | None = None
    audit_error: float | None = None
    pattern_matches: bool | None = None
    audit_passed: bool | None = None
    maximize: bool | None = None
    optimum: float | None = None
    true_objective: float | None = None
    violation: float | None = None
    repaired: float | None = None
    regret: float | None = None
    decision_error: float | None = None
    boundary: bool | None = None
    message: str = ""


@dataclass(frozen=True)
class RefineTask:
    """Ask the truth around the decision, train again: `rounds` times, from the nets `paths`."""

    study: Study
    layout: str
    recipe: Recipe
    paths: tuple[Path, ...]
    rounds: int

    def __str__(self) -> str:
        """The task in a progress line."""
        return " ".join(["refine", *_named(self.study, self.layout, self.recipe)])


@dataclass(frozen=True)
class RefineRow:
    """One network in one round of a refinement; those of round 0 are the study's best restart.

    surrogate, file, content_hash, mae   as in `NetRow`
    rounds    how many were asked for
    samples   that the network was trained on

    The others as in `SolveRow`, the same for all networks of a round.
    """

    layout: str
    recipe: str
    round: int
    surrogate: str
    rounds: int
    file: str
    content_hash: str
    samples: int
    mae: float
    status: str
    solve_seconds: float
    objective: float | None
    true_objective: float | None
    violation: float | None
    repaired: float | None
    regret: float | None
    decision_error: float | None


def _named(study: Study, layout: str, recipe: str, surrogate: str = "") -> list[str]:
    """What tells tasks of a study apart: the layout, and what else there are several of."""
    by = [recipe] if len(study.recipes) > 1 else []
    return [layout, *by, *([surrogate] if surrogate else [])]
