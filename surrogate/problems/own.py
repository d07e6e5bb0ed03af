"""A problem of the user's own: a Python file with `build`, and what else she knows.

    import pyomo.environ as pyo

    def build(surrogate):               # a Surrogate: call it once per copy of the network
        m = pyo.ConcreteModel()
        m.x = pyo.Var([0, 1], bounds=(-1, 1))
        m.net = pyo.Block()
        (y,) = surrogate(m.net, m.x)    # one variable per output
        m.total = pyo.Constraint(expr=m.x[0] + m.x[1] >= 0.5)
        m.objective = pyo.Objective(expr=y)
        return m

    def truth(x):                       # optional: one point, an array of d numbers, to a number
        return x[0] * x[1]

    box = [(-1, 1), (-1, 1)]            # optional: where truth(x) may be sampled for training
    sense = "minimize"                  # optional; "maximize" where the objective is maximised
    optimum = -0.5                      # optional: the best objective under the truth
    scale = 0.5                         # what regret is relative to; |optimum| unless that is 0

Names without a meaning here are the file's own affair. What is wrong in the file is an `InputError`
with its line, and without a traceback through this package.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyomo.environ as pyo
from pyomo.core.expr.visitor import identify_variables

from surrogate.box import Box, FloatArray
from surrogate.errors import BoxError, InputError
from surrogate.problems.evaluating import Truth, own_parts, point
from surrogate.problems.problem import Built, Problem, Surrogate, check_shape
from surrogate.problems.user_files import calling, line_of, run_file
from surrogate.solving import Solution


@dataclass(frozen=True, eq=False, kw_only=True)
class OwnProblem(Problem):
    """See `load_problem`.

    truth   None where the file has none
    box     where the truth may be asked for samples; None where the file does not say

    It has no `functions`: their range is known, that of a truth of the user's is what it says.
    """

    path: Path
    builder: Callable[[Surrogate], Any]
    truth: Truth | None
    box: Box | None

    @property
    def truths(self) -> tuple[Truth, ...]:
        """The file's truth, where it has one."""
        return () if self.truth is None else (self.truth,)

    def write(self, *surrogates: Surrogate) -> pyo.ConcreteModel:
        """What the file's `build` makes of the surrogate.

        Raises `InputError` with the line in the file when `build` raises, returns no ConcreteModel,
        has not one objective of the file's sense, or does not use the surrogate; and for a network
        of other numbers of inputs and outputs than a truth with a box has.
        """
        (surrogate,) = surrogates
        if self.truth is not None and self.box is not None:
            check_shape(surrogate.network, f"the truth of {self.path.name}", self.box.n_inputs, 1)
        model = calling(self.path, self.builder, surrogate)
        where = line_of(self.path, self.builder)
        if not isinstance(model, pyo.ConcreteModel):
            raise InputError(
                f"{where}: build returned {type(model).__name__}, not a Pyomo ConcreteModel; "
                "end it with `return m`"
            )
        if not surrogate.embeddings:
            raise InputError(
                f"{where}: build does not use the surrogate; call surrogate(m.net, [inputs]) and "
                "use the outputs that it returns"
            )
        for embedding in surrogate.embeddings:
            if embedding.block.model() is not model:
                raise InputError(
                    f"{where}: the surrogate is embedded in block {embedding.block.name!r}, which "
                    "is not in the model that build returned"
                )
        self._check_objective(where, model)
        return model

    def _check_objective(self, where: str, model: pyo.ConcreteModel) -> None:
        objectives = list(model.component_data_objects(pyo.Objective, active=True))
        if len(objectives) != 1:
            raise InputError(
                f"{where}: the model of build has {len(objectives)} active objectives; "
                "give it one pyo.Objective"
            )
        if objectives[0].sense != getattr(pyo, self.sense):
            other = "maximize" if self.sense == "minimize" else "minimize"
            raise InputError(
                f"{where}: the file's sense is {self.sense!r}, and the objective of build is not "
                f"of that sense; add the line sense = {other!r} to the file, or remove it"
            )

    def check_used(self, built: Built) -> None:
        """Refuse a model in which some copy has no part: its outputs are left out, by mistake.

        An output has a part in the objective, in a row of the model's own, or as another copy's
        input. Raises `InputError` with the line in the file.
        """
        parts = [part for copy in built.embeddings for part in own_parts(copy)]
        for part in parts:
            part.deactivate()
        rules = built.model.component_data_objects((pyo.Constraint, pyo.Objective), active=True)
        used = {id(variable) for rule in rules for variable in identify_variables(rule.expr)}
        for part in parts:
            part.activate()
        used |= {id(variable) for copy in built.embeddings for variable in copy.inputs}
        for copy in built.embeddings:
            if not any(id(variable) in used for variable in copy.outputs):
                raise InputError(
                    f"{line_of(self.path, self.builder)}: build uses no output of the surrogate in "
                    f"block {copy.block.name!r}, so the network decides nothing; use what "
                    "surrogate(...) returns in the objective or in a constraint"
                )

    def check_bounded(self, built: Built, solution: Solution) -> None:
        """As of every problem, naming the file."""
        try:
            super().check_bounded(built, solution)
        except InputError as error:
            raise InputError(f"{line_of(self.path, self.builder)}: {error}") from None


def load_problem(path: str | os.PathLike[str]) -> OwnProblem:
    """The problem in a Python file, which is run: see the module for what may be in it.

    A truth together with a box can be asked for samples; without either, the network needs a table
    of them. The truth is not called here: it may take its time.

    Raises `InputError`, with the line where there is one, for a file that cannot be read or run,
    without `build`, or whose other names have no possible value.
    """
    path = Path(path)
    names = run_file(path)
    for name in ("build", "truth"):
        if not callable(names.get(name, print if name == "truth" else None)):
            raise InputError(
                f"{path} has no function {name}; define {name}({_ARGUMENTS[name]}), as in the "
                "README's example of a problem of your own"
            )
    truth = _truth(path, names["truth"]) if "truth" in names else None
    sense, optimum = names.get("sense", "minimize"), _number(path, names, "optimum")
    if sense not in ("minimize", "maximize"):
        raise InputError(f"{path}: sense is {sense!r}; choose 'minimize' or 'maximize'")
    scale = _number(path, names, "scale")
    if scale is not None and scale <= 0.0:
        raise InputError(f"{path}: scale is {scale:g}; give a number above 0")
    if optimum == 0.0 and scale is None:
        raise InputError(
            f"{path}: optimum is 0, and a regret is relative to |optimum|; add the line "
            "scale = ... : the difference of the objective that is to count as 100 %"
        )
    return OwnProblem(
        name=path.stem,
        title=f"the model of {path.name}",
        sense=sense,
        box=_box(path, names.get("box")),
        optimum=optimum,
        source="" if optimum is None else path.name,
        scale=scale if optimum is None or scale is not None else abs(optimum),
        path=path,
        builder=names["build"],
        truth=truth,
    )


_ARGUMENTS = {"build": "surrogate", "truth": "x"}


def _number(path: Path, names: dict[str, Any], name: str) -> float | None:
    value = names.get(name)
    if value is None:
        return None
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = math.nan
    if not math.isfinite(number):
        raise InputError(f"{path}: {name} is {value!r}; give a finite number, or leave it out")
    return number


def _truth(path: Path, rule: Callable[[FloatArray], Any]) -> Truth:
    """The file's truth for points (n, d), one call per point."""

    def at(x: FloatArray) -> FloatArray:
        found = calling(path, rule, x.copy())
        try:
            values = np.atleast_1d(np.asarray(found, dtype=float))
        except (TypeError, ValueError):
            values = np.zeros(0)
        if values.ndim != 1 or not values.size or not np.isfinite(values).all():
            shown = repr(found) if isinstance(found, str) else found
            raise InputError(
                f"{line_of(path, rule)}: truth returned {shown} at {point(x)}; "
                "return a finite number"
            )
        return values

    def together(points: FloatArray) -> FloatArray:
        values = [at(x) for x in points]
        for x, value in zip(points, values, strict=True):
            if len(value) != len(values[0]):
                raise InputError(
                    f"{line_of(path, rule)}: truth returned {len(values[0])} numbers at "
                    f"{point(points[0])} and {len(value)} at {point(x)}; return as many everywhere"
                )
        return np.array(values)

    return together


def _box(path: Path, given: Any) -> Box | None:
    if given is None:
        return None
    try:
        return Box.of(given)
    except BoxError as error:
        raise InputError(f"{path}: {error}") from None
