"""The nets of benchmarks/problems.py: one per function and layout, by the recipe `best`, kept.

The xy nets of models/ are not used: the origin's recipe made them, and what is compared here are
layouts, each as well trained as the package can. Without a time limit the same settings give the
same nets, so a folder of them is worth keeping; a file says in its provenance what it was made
with, and is trained again when that is not what is asked for.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter

import numpy as np
from comparing import progress

from surrogate.datasets import Dataset
from surrogate.functions import Function
from surrogate.network import Network
from surrogate.onnx_files import load, save
from surrogate.problems import PROBLEMS
from surrogate.report.table import digits
from surrogate.training import TrainingWarning, train

RECIPE, SEED = "best", 0


@dataclass(frozen=True)
class Recipe:
    """How every net is trained: on uniform samples of the box, the best restart by validation.

    seconds   per layout; None for the recipe's usual work, some 20 to 35 s on one core
    """

    restarts: int
    samples: int
    seconds: float | None

    def provenance(self, function: Function) -> Mapping[str, str]:
        """What a file says of itself."""
        return {
            "function": function.formula,
            "recipe": RECIPE,
            "samples": str(self.samples),
            "seed": str(SEED),
            "restarts": str(self.restarts),
            "seconds": str(self.seconds),
        }


@dataclass(frozen=True)
class NetTask:
    """One net to train, and the file to keep it in.

    `Function` holds a lambda that a new process cannot be sent: `problem` and `place` name it.
    """

    problem: str
    place: int
    layout: str
    recipe: Recipe
    path: Path

    @property
    def function(self) -> Function:
        """What the net is to imitate."""
        return PROBLEMS[self.problem].functions[self.place]

    def is_for(self, problem: str, layout: str) -> bool:
        """Whether it is one of the nets of this row."""
        return (self.problem, self.layout) == (problem, layout)


def train_missing(tasks: Iterable[NetTask]) -> None:
    """Train what is not there, as many nets at once as this process may use cores."""
    wanted = {task.path: task for task in tasks}
    missing = [task for task in wanted.values() if not is_kept(task)]
    start = perf_counter()
    with ProcessPoolExecutor(_cores()) as pool:
        for done, line in enumerate(pool.map(_train, missing), 1):
            progress(f"[{done}/{len(missing)}] {line}")
    if missing:
        progress(f"{len(missing)} nets trained in {perf_counter() - start:.0f} s")


def is_kept(task: NetTask) -> bool:
    """Whether the file is there, and was made as the task says. Raises what `load` raises."""
    made = task.recipe.provenance(task.function)
    return task.path.is_file() and load(task.path).provenance == made


def test_mae(net: Network, function: Function) -> float:
    """The mean absolute error on a test set that training never saw: `Function.grid`."""
    points = function.grid()
    return float(np.abs(net(points) - function(points)).mean())


def _cores() -> int:
    """Those that this process may use, where the system says so."""
    allowed = getattr(os, "sched_getaffinity", None)
    return len(allowed(0)) if allowed else os.cpu_count() or 1


def _train(task: NetTask) -> str:
    """Train and save one net; what to tell of it."""
    function, recipe, start = task.function, task.recipe, perf_counter()
    data = Dataset.sample(function, recipe.samples, np.random.default_rng([SEED]))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", TrainingWarning)  # the table shows what a net is worth
        found = train(
            data,
            task.layout,
            RECIPE,
            recipe.restarts,
            SEED,
            recipe.seconds,
            function.box,
        )
    net = replace(found[0].network, provenance=recipe.provenance(function))
    save(net, task.path)
    mae = digits(test_mae(net, function))
    return f"{function.name} {task.layout}: MAE {mae}, {perf_counter() - start:.0f} s"
