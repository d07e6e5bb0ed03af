"""`train`: from samples and a layout to networks, best first."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from time import perf_counter

import numpy as np
from threadpoolctl import threadpool_limits

from surrogate.box import Box, FloatArray
from surrogate.datasets import Dataset, Scaling, Split
from surrogate.network import Network
from surrogate.training.best import Task, search
from surrogate.training.checks import (
    Recipe,
    check_parameters,
    check_recipe,
    check_search,
    check_solvability,
    checked_layout,
    count_parameters,
)
from surrogate.training.doubts import warn_if_cut_short, warn_if_few_samples, warn_if_useless
from surrogate.training.objectives import Objective
from surrogate.training.parameters import as_network
from surrogate.training.samples import prepared
from surrogate.training.solvability import easier
from surrogate.training.starts import STARTS
from surrogate.training.trained import Errors, Trained
from surrogate.validity import Hull

_SHARES = (0.2, 0.4, 0.8, 0.97, 0.97)
_SHARES_WITH_EASING = (0.12, 0.24, 0.48, 0.58, 0.97)
"""Of a time limit: when starts, race, kicks, finish and easing end."""


def train(
    data: Dataset | Split,
    layout: str,
    recipe: Recipe = "best",
    restarts: int = 16,
    seed: int = 0,
    time_limit: float | None = None,
    box: Box | Iterable[Sequence[float]] | None = None,
    *,
    objective: Objective = "mae",
    start: str = "mixed",
    solvability: float = 0.0,
    on_progress: Callable[[float], None] = lambda _: None,
) -> list[Trained]:
    """Train `restarts` networks of one layout; best first, by the error on the validation samples.

    data         samples; a `Dataset` is split (70 % to train, 15 % to choose, 15 % to test), a
                 `Split` is taken as it is. The test samples have no part in training or choosing
    layout       such as "3x8" or "12-8-4"
    recipe       "best": second-order (`surrogate.training.best`); "origin": Keras's Adam
                 (`surrogate.training.origin`), whose loss is the mean absolute error. Of samples
                 that `Dataset.sample` made it scales by the function's own box and range, as the
                 study does
    time_limit   seconds for all restarts; None lets "best" do its usual work, some 60 s for 24
                 neurons and 10,000 samples. With a limit fewer restarts may come back. Without one,
                 the same arguments give the same networks
    box          where the networks are to hold; None takes the range of the inputs
    objective    "mae", "mse" or "max": mean absolute, mean squared or largest error (best only)
    start        a key of `surrogate.training.starts.STARTS` (best only)
    solvability  above 0, the best network is changed at the end, so that its big-M constraints are
                 easier to solve, and comes first; its mean absolute error on the validation samples
                 grows by at most 10 %. A strength of 1 was measured (benchmarks/solvability.py);
                 see `surrogate.training.solvability` (best only, objective "mae")
    on_progress  is told the share of the work that is done, from 0 to 1

    Inputs and outputs are scaled to [-1, 1] for training, and the scaling is folded into the
    networks. These hold the convex hull of the training samples (`Network.hull`), for
    `embed(validity="hull")`. With several outputs the error is a mean over them, each relative to
    its range.

    Raises `InputError` for samples or arguments that cannot be used. Warns with `TrainingWarning`
    when there are fewer distinct training inputs than parameters, the time limit kept restarts from
    beginning, no restart has an output that varies, or the best network is no better on the
    validation samples than the training median.
    """
    start_time = perf_counter()
    check_recipe(recipe, start, time_limit)
    check_search(objective, restarts, seed)
    check_solvability(solvability, recipe, objective)
    widths = checked_layout(layout)
    samples = prepared(data, seed, box, by_truth=recipe == "origin")
    split, scaling = samples.split, samples.scaling
    parameters = count_parameters(split, widths)
    if recipe == "best":
        check_parameters(parameters)
    warn_if_few_samples(split, parameters)
    if recipe == "origin":
        found = _origin(split, layout, scaling, restarts, seed, on_progress)
        objective = "mae"  # whatever was given, this is what it trains for
    else:
        limit = math.inf if time_limit is None else time_limit
        shares = _SHARES if solvability == 0.0 else _SHARES_WITH_EASING
        first, second, third, fourth, last = (start_time + share * limit for share in shares)
        deadlines = (first, second, third, fourth, last)
        how = (objective, start, float(solvability))
        found = _best(split, widths, scaling, (restarts, seed), how, deadlines, on_progress)
    hull = Hull.of(split.train.inputs, split.train.outputs)
    found = [replace(one, network=replace(one.network, hull=hull)) for one in found]
    warn_if_cut_short(len(found), restarts, time_limit)
    warn_if_useless(found, samples, layout, recipe, objective)
    return found


def _best(
    split: Split,
    widths: tuple[int, ...],
    scaling: Scaling,
    restarts_seed: tuple[int, int],
    how: tuple[Objective, str, float],
    deadlines: tuple[float, float, float, float, float],
    on_progress: Callable[[float], None],
) -> list[Trained]:
    restarts, seed = restarts_seed
    objective, start, solvability = how
    unit, watched = scaling.to_unit(split.train), scaling.to_unit(split.validation)
    task = Task.of(widths, unit, watched, STARTS[start], objective, seed, deadlines[:4])
    # The matrices are too small to share between threads, and one thread is reproducible.
    with threadpool_limits(1):
        candidates = search(task, restarts, on_progress)
        best = candidates[0]
        eased = easier(
            task.all, task.watched, best.vector, solvability, seed=seed, deadline=deadlines[4]
        )
    candidates[0] = replace(best, vector=eased)
    return [
        _trained(
            scaling.fold(as_network(found.vector, task.some.sizes)),
            found.restart,
            np.array(found.curve),
            split,
        )
        for found in candidates
    ]


def _origin(
    split: Split,
    layout: str,
    scaling: Scaling,
    restarts: int,
    seed: int,
    on_progress: Callable[[float], None],
) -> list[Trained]:
    from surrogate.training.origin import train_origin  # here, so that `best` never loads torch

    epochs = 100
    found = train_origin(
        split.train,
        layout,
        box=scaling.inputs,
        output_range=scaling.outputs,
        restarts=range(restarts),
        epochs=epochs,
        seed=seed,
        on_epoch=lambda epoch: on_progress(epoch / epochs),
    )
    measured = [_trained(one.network, one.restart, one.curve, split) for one in found]
    radius = (scaling.outputs.upper - scaling.outputs.lower) / 2
    return sorted(measured, key=lambda one: float((one.errors["validation"].mae / radius).mean()))


def _trained(network: Network, restart: int, curve: FloatArray, split: Split) -> Trained:
    labelled = replace(
        network, input_labels=split.train.input_names, output_labels=split.train.output_names
    )
    parts = {"train": split.train, "validation": split.validation, "test": split.test}
    errors = {name: Errors.of(labelled, part) for name, part in parts.items()}
    return Trained(labelled, restart, curve, errors)
