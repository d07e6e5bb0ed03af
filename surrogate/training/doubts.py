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
    """Warn of fewer numbers than parameters."""
    outputs = split.train.outputs
    if outputs.size < parameters:
        _warn(
            f"{outputs.size} numbers to learn from ({len(outputs)} training samples), but "
            f"{parameters} parameters: the network can learn them by heart. "
            "Give more samples, or fewer neurons"
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
