"""What makes trained networks doubtful, told as `TrainingWarning`."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np

from surrogate.datasets import Split
from surrogate.training.trained import Trained


class TrainingWarning(UserWarning):
    """Training gave networks, but they cannot be good: too few samples, or all restarts dead."""


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


def warn_if_all_dead(found: Sequence[Trained], split: Split, layout: str) -> None:
    """Warn when no output depends on the inputs."""
    x = split.train.inputs
    if all((np.ptp(one.network(x), axis=0) == 0.0).all() for one in found):
        _warn(
            f"all {len(found)} restarts of {layout} are dead: their outputs do not depend on the "
            "inputs. Take a wider, less deep layout, or the recipe 'best'"
        )


def _warn(message: str) -> None:
    warnings.warn(message, TrainingWarning, stacklevel=4)  # where `train` is called
