"""`train`: from samples and a layout to networks, best first."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from itertools import pairwise
from numbers import Real
from time import perf_counter
from typing import Literal, get_args

import numpy as np
from threadpoolctl import threadpool_limits

from surrogate.box import Box, FloatArray
from surrogate.datasets import Dataset, Scaling, Split
from surrogate.errors import InputError
from surrogate.layouts import layout_widths
from surrogate.network import Network
from surrogate.training.best import SAMPLES, Task, search
from surrogate.training.gauss_newton import LeastSquares
from surrogate.training.objectives import Objective
from surrogate.training.parameters import as_network
from surrogate.training.starts import STARTS
from surrogate.training.trained import Errors, Trained

Recipe = Literal["best", "origin"]

_LARGEST, _NARROWEST = 1e100, 1e-100  # a number and a range whose squares can still be computed


class TrainingWarning(UserWarning):
    """Training gave networks, but they cannot be good: too few samples, or all restarts dead."""


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
    on_progress: Callable[[float], None] = lambda _: None,
) -> list[Trained]:
    """Train `restarts` networks of one layout; best first, by the error on the validation samples.

    data         samples; a `Dataset` is split (70 % to train, 15 % to choose, 15 % to test), a
                 `Split` is taken as it is. The test samples have no part in training or choosing
    layout       such as "3x8" or "12-8-4"
    recipe       "best": second-order (`surrogate.training.best`); "origin": Keras's Adam
                 (`surrogate.training.origin`), whose loss is the mean absolute error
    time_limit   seconds for all restarts; None lets "best" do its usual work, some 60 s for 24
                 neurons and 10,000 samples. With a limit fewer restarts may come back. Without one,
                 the same arguments give the same networks
    box          where the networks are to hold; None takes the range of the inputs
    objective    "mae", "mse" or "max": mean absolute, mean squared or largest error (best only)
    start        a key of `surrogate.training.starts.STARTS` (best only)
    on_progress  is told the share of the work that is done, from 0 to 1

    Inputs and outputs are scaled to [-1, 1] for training, and the scaling is folded into the
    networks. With several outputs the error is a mean over them, each relative to its range.

    Raises `InputError` for samples or arguments that cannot be used. Warns with `TrainingWarning`
    when there are fewer samples than parameters, or no restart has an output that varies.
    """
    start_time = perf_counter()
    _check(layout, recipe, restarts, seed, time_limit, objective, start)
    widths = layout_widths(layout)
    split = _parts(data, seed)
    whole = split.train
    box = _box(split, box)
    _check_samples(split, (whole.inputs.shape[1], *widths, whole.outputs.shape[1]))
    _check_units(split, box)
    scaling = Scaling(box, whole.output_range)
    if recipe == "origin":
        found = _origin(split, layout, scaling, restarts, seed, on_progress)
    else:
        limit = math.inf if time_limit is None else time_limit
        deadlines = tuple(start_time + share * limit for share in (0.2, 0.4, 0.8, 0.97))
        found = _best(
            split, widths, scaling, (restarts, seed), (objective, start), deadlines, on_progress
        )
    _warn_if_all_dead(found, split, layout)
    return found


def _best(
    split: Split,
    widths: tuple[int, ...],
    scaling: Scaling,
    restarts_seed: tuple[int, int],
    objective_start: tuple[Objective, str],
    deadlines: tuple[float, ...],
    on_progress: Callable[[float], None],
) -> list[Trained]:
    restarts, seed = restarts_seed
    unit, watched = scaling.to_unit(split.train), scaling.to_unit(split.validation)
    sizes = (unit.inputs.shape[1], *widths, unit.outputs.shape[1])
    order = np.random.default_rng(seed).permutation(len(unit))
    x, y = unit.inputs[order], unit.outputs[order]
    some = SAMPLES * 4 // max(4, y.shape[1])
    task = Task(
        some=LeastSquares(sizes, x[:some], y[:some]),
        all=LeastSquares(sizes, x, y),
        watched=LeastSquares(sizes, watched.inputs, watched.outputs),
        start=STARTS[objective_start[1]],
        objective=objective_start[0],
        seed=seed,
        deadlines=(deadlines[0], deadlines[1], deadlines[2], deadlines[3]),
    )
    # The matrices are too small to share between threads, and one thread is reproducible.
    with threadpool_limits(1):
        candidates = search(task, restarts, on_progress)
    return [
        _trained(
            scaling.fold(as_network(found.vector, sizes)),
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


def _check(
    layout: str,
    recipe: str,
    restarts: int,
    seed: int,
    time_limit: float | None,
    objective: str,
    start: str,
) -> None:
    choices = (
        ("recipe", recipe, get_args(Recipe)),
        ("objective", objective, get_args(Objective)),
        ("start", start, tuple(STARTS)),
    )
    for name, given, known in choices:
        if given not in known:
            raise InputError(f"{name} {given!r} is unknown; choose one of {', '.join(known)}")
    if not isinstance(layout, str):
        raise InputError(f"layout is {layout!r}; give a text such as '3x8'")
    for number, value, least in (("restarts", restarts, 1), ("seed", seed, 0)):
        whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
        if not whole or value < least:
            raise InputError(f"{number} is {value!r}; give a whole number, at least {least}")
    if time_limit is not None:
        number_given = isinstance(time_limit, Real) and not isinstance(time_limit, bool)
        if not number_given or not time_limit > 0:
            raise InputError(
                f"time_limit is {time_limit!r}; give seconds, more than 0, or None for no limit"
            )
    if recipe == "origin" and time_limit is not None:
        raise InputError(
            'the recipe "origin" always trains 100 epochs; leave out time_limit, or use "best"'
        )


def _parts(data: Dataset | Split, seed: int) -> Split:
    if isinstance(data, Split):
        _check_parts(data)
        return data
    if not isinstance(data, Dataset):
        raise InputError(
            f"data is {type(data).__name__}; give a surrogate.Dataset(inputs, outputs)"
        )
    return data.split(seed)


def _check_parts(split: Split) -> None:
    for part in (split.train, split.validation, split.test):
        if not isinstance(part, Dataset):
            raise InputError(f"a part of the split is {type(part).__name__}; give three Datasets")
    columns = [
        (part.inputs.shape[1], part.outputs.shape[1])
        for part in (split.train, split.validation, split.test)
    ]
    if len(set(columns)) > 1:
        raise InputError(
            f"train, validation and test have {columns} columns of inputs and outputs; "
            "give parts of one dataset"
        )


def _box(split: Split, given: Box | Iterable[Sequence[float]] | None) -> Box:
    """The given box, which must hold every sample; else the range of all samples."""
    inputs = np.vstack([part.inputs for part in (split.train, split.validation, split.test)])
    if given is None:
        return Box(inputs.min(axis=0), inputs.max(axis=0))
    box = Box.of(given)
    if box.n_inputs != inputs.shape[1]:
        raise InputError(
            f"the box bounds {box.n_inputs} inputs, the samples have {inputs.shape[1]}; "
            "give one interval per input"
        )
    outside = ((inputs < box.lower) | (inputs > box.upper)).any(axis=1)
    if outside.any():
        row = int(np.argmax(outside))
        raise InputError(
            f"{int(outside.sum())} of {len(inputs)} samples lie outside the box {box}, the first "
            f"at {inputs[row].tolist()}; widen the box, or leave these samples out"
        )
    return box


def _check_samples(split: Split, sizes: tuple[int, ...]) -> None:
    outputs = split.train.outputs
    for name, column in zip(split.train.output_names, outputs.T, strict=True):
        if column.min() == column.max():
            raise InputError(
                f"output {name!r} is {column[0]:g} in every training sample ({len(column)}); "
                "a constant needs no network: leave it out, or give more samples"
            )
    parameters = sum((a + 1) * b for a, b in pairwise(sizes))
    if outputs.size < parameters:
        warnings.warn(
            f"{outputs.size} numbers to learn from ({len(outputs)} training samples), but "
            f"{parameters} parameters: the network can learn them by heart. "
            "Give more samples, or fewer neurons",
            TrainingWarning,
            stacklevel=3,
        )


def _check_units(split: Split, box: Box) -> None:
    """Refuse units in which training would overflow."""
    outputs = np.vstack([part.outputs for part in (split.train, split.validation, split.test)])
    names = (*split.train.input_names, *split.train.output_names)
    intervals = (*box.pairs(), *Box(outputs.min(axis=0), outputs.max(axis=0)).pairs())
    for name, (low, high) in zip(names, intervals, strict=True):
        if max(-low, high) > _LARGEST or 0.0 < high - low < _NARROWEST:
            raise InputError(
                f"{name!r} lies in [{low:g}, {high:g}]; numbers above {_LARGEST:g} and ranges "
                f"below {_NARROWEST:g} cannot be squared: choose another unit"
            )


def _warn_if_all_dead(found: list[Trained], split: Split, layout: str) -> None:
    x = split.train.inputs
    if all((np.ptp(one.network(x), axis=0) == 0.0).all() for one in found):
        warnings.warn(
            f"all {len(found)} restarts of {layout} are dead: their outputs do not depend on the "
            "inputs. Take a wider, less deep layout, or the recipe 'best'",
            TrainingWarning,
            stacklevel=3,
        )
