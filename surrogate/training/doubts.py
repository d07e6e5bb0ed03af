"""What makes trained networks doubtful, told as `TrainingWarning`."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np

from surrogate.datasets import Split
from surrogate.training.checks import Recipe
from surrogate.training.objectives import Objective, error
from surrogate.training.samples import Prepared
from surrogate.training.trained import Trained


class TrainingWarning(UserWarning):
    """Training gave networks, but there is reason to doubt them.

    Too few samples, a time limit that cut the search short, restarts that are all dead, or a best
    network that is no better than a constant.
    """


def warn_if_few_samples(split: Split, parameters: int) -> None:
    """Warn of fewer distinct training inputs than parameters.

    However many outputs there are: each has weights of its own in the last layer only, and a kink
    of a hidden neuron lies between samples for all outputs at once.
    """
    x = split.train.inputs
    distinct = len(np.unique(x + 0.0, axis=0))  # + 0.0 makes -0.0 and 0.0 one value
    if distinct < parameters:
        repeated = f" in {len(x)} training samples" if distinct < len(x) else ""
        _warn(
            f"{distinct} distinct training inputs{repeated}, but {parameters} parameters: the "
            "network can learn them by heart. Give more samples, or fewer neurons"
        )


def warn_if_cut_short(found: int, restarts: int, time_limit: float | None) -> None:
    """Warn when the time ended before every restart had begun."""
    if time_limit is not None and found < restarts:
        _warn(
            f"time_limit {time_limit:g} s let {found} of {restarts} restarts begin; "
            "give more seconds, or fewer restarts"
        )


def warn_if_useless(
    found: Sequence[Trained], samples: Prepared, layout: str, recipe: Recipe, objective: Objective
) -> None:
    """Warn when no output depends on the inputs, or the best network is as good as a constant."""
    split, outputs = samples.split, samples.scaling.outputs
    x = split.train.inputs
    if all((np.ptp(one.network(x), axis=0) == 0.0).all() for one in found):
        _warn(
            f"all {len(found)} restarts of {layout} are dead: their outputs do not depend on the "
            "inputs. Take a wider, less deep layout, or "
            + ("the recipe 'best'" if recipe == "origin" else "more restarts")
        )
        return
    watched, radius = split.validation, (outputs.upper - outputs.lower) / 2
    guesses = found[0].network(watched.inputs), np.median(split.train.outputs, axis=0)
    net, constant = (error(objective, (y - watched.outputs) / radius) for y in guesses)
    if net >= constant > 0.0:
        _warn(
            f"the best of {len(found)} restarts of {layout} is no better on the validation samples "
            f"than the training median: the objective {objective!r} is {net:.3g} against "
            f"{constant:.3g}, on outputs scaled to [-1, 1]. Give more time or restarts, another "
            "layout, or inputs that say more of the outputs"
        )


def _warn(message: str) -> None:
    warnings.warn(message, TrainingWarning, stacklevel=4)  # where `train` is called
