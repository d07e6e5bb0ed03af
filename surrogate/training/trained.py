"""`Trained`: what every recipe returns, one per restart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from surrogate.box import FloatArray
from surrogate.datasets import Dataset
from surrogate.network import Network


@dataclass(frozen=True, eq=False)
class Errors:
    """Errors of a network on some samples, per output (m,), in the outputs' units.

    mae, rmse, largest   mean, root mean square and largest of |net(x) - y|
    """

    mae: FloatArray
    rmse: FloatArray
    largest: FloatArray

    @classmethod
    def of(cls, network: Network, data: Dataset) -> Errors:
        """The errors of `network` on `data`."""
        error = np.abs(network(data.inputs) - data.outputs)
        return cls(error.mean(axis=0), np.sqrt((error**2).mean(axis=0)), error.max(axis=0))


@dataclass(frozen=True, eq=False)
class Trained:
    """One restart after training.

    network  in the caller's units, its scaling folded in
    restart  which restart of its layout, counted from 0: with the seed it names the random numbers
    curve    the training loss, in unit coordinates, as training saw it: of each epoch (origin), or
             of the start and each iteration that led here (best)
    errors   by part of the samples: "train", "validation", "test"
    """

    network: Network
    restart: int
    curve: FloatArray
    errors: Mapping[str, Errors] = field(default_factory=dict)
