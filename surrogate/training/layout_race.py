"""Which layouts are worth training: all of a budget, pruned by a quick race."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Literal

import numpy as np
from threadpoolctl import threadpool_limits

from surrogate.arguments import check_whole
from surrogate.box import Box
from surrogate.datasets import Dataset, Split
from surrogate.errors import InputError
from surrogate.layouts import all_layouts, layout_widths
from surrogate.training.best import Task, race
from surrogate.training.checks import (
    check_parameters,
    check_search,
    checked_layout,
    count_parameters,
)
from surrogate.training.objectives import Objective, error
from surrogate.training.samples import Prepared, prepared
from surrogate.training.starts import STARTS
from surrogate.training.train import train
from surrogate.training.trained import Trained

RESTARTS = (1, 4)  # of each layout in the first and the second round
SURVIVORS = 0.25  # of the first round


def train_layouts(
    data: Dataset | Split,
    layouts: Literal["all"] | Sequence[str] = "all",
    neurons: int = 24,
    max_depth: int = 3,
    keep: int = 4,
    restarts: int = 16,
    seed: int = 0,
    box: Box | Iterable[Sequence[float]] | None = None,
    *,
    objective: Objective = "mae",
    on_progress: Callable[[float], None] = lambda _: None,
) -> dict[str, list[Trained]]:
    """Race layouts, and train the `keep` best of them with `train`; the best layout first.

    layouts     "all": every composition of `neurons` in at most `max_depth` layers, such as
                12-8-4; or a list of layouts, for which the two numbers do not count
    objective   which validation error decides, in the race and between the trained
    others      as in `train`

    A first round fits every layout from four starts, on at most 3,000 samples; the better quarter
    (and no fewer than 2 `keep`) goes through a second one, four times as thorough. A round decides
    by validation samples, so the test samples stay unseen. 277 layouts of 24 neurons take some
    2 minutes before the training proper.

    Raises what `train` raises, before the race, and `LayoutError` for a budget that makes too many
    layouts.
    """
    check_search(objective, restarts, seed)
    check_whole("keep", keep, 1)
    names = _names(layouts, neurons, max_depth)
    samples = prepared(data, seed, box)
    for name in names:
        check_parameters(count_parameters(samples.split, layout_widths(name)))
    counts = len(names), max(2 * keep, int(SURVIVORS * len(names)))
    for i, (count, thoroughness) in enumerate(zip(counts, RESTARTS, strict=True)):
        names, losses = names[:count], []
        if len(names) > keep:
            for name in names:
                losses.append(_raced(samples, name, thoroughness, seed, objective))
                on_progress(0.25 * (i + len(losses) / len(names)))
            names = [names[j] for j in np.argsort(losses, kind="stable")]
    trained = {}
    for name in names[:keep]:
        trained[name] = train(
            samples.split,
            name,
            "best",
            restarts,
            seed,
            box=samples.scaling.inputs,
            objective=objective,
        )
        on_progress(0.5 + 0.5 * len(trained) / len(names[:keep]))
    watched = samples.split.validation
    radius = (samples.scaling.outputs.upper - samples.scaling.outputs.lower) / 2
    errors = {
        name: error(objective, (found[0].network(watched.inputs) - watched.outputs) / radius)
        for name, found in trained.items()
    }
    return {name: trained[name] for name in sorted(errors, key=lambda name: errors[name])}


def _names(layouts: Literal["all"] | Sequence[str], neurons: int, max_depth: int) -> list[str]:
    """The layouts to race, each once. Raises `InputError` for what is no list of them."""
    if isinstance(layouts, str) and layouts == "all":
        check_whole("neurons", neurons, 0)
        check_whole("max_depth", max_depth, 0)
        return list(all_layouts(neurons, max_depth))
    if isinstance(layouts, str) or not isinstance(layouts, Iterable):
        raise InputError(f"layouts is {layouts!r}; give 'all', or a list such as ['3x8', '12-8-4']")
    names = list(layouts)
    for name in names:
        checked_layout(name)
    if not names:
        raise InputError("layouts is empty; give 'all', or a list such as ['3x8', '12-8-4']")
    return list(dict.fromkeys(names))


def _raced(samples: Prepared, layout: str, restarts: int, seed: int, objective: Objective) -> float:
    """The least validation error of a few restarts that are not finished."""
    unit = samples.scaling.to_unit(samples.split.train)
    watched = samples.scaling.to_unit(samples.split.validation)
    task = Task.of(layout_widths(layout), unit, watched, STARTS["mixed"], objective, seed)
    with threadpool_limits(1):
        found = race(task, restarts, lambda _: None)
        return min(error(objective, task.watched.at(one.vector).residual) for one in found)
