"""Random numbers of one restart: initial weights and the order of the samples.

They come from numpy generators keyed by (seed, layout, restart), so a restart is the same whether
it trains alone, in a batch, or in another process.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from surrogate.box import FloatArray


def restart_rng(seed: int, sizes: Sequence[int], restart: int) -> np.random.Generator:
    """The generator of one restart of one layout; `sizes` are the layer sizes, inputs first."""
    return np.random.default_rng([seed, restart, *sizes])


def glorot_uniform(sizes: Sequence[int], rng: np.random.Generator) -> list[FloatArray]:
    """Weights (fan_in, fan_out) per layer, uniform on +-sqrt(6 / (fan_in + fan_out)).

    The default of Keras's `Dense`; biases start at zero. Source: Glorot and Bengio (2010),
    "Understanding the difficulty of training deep feedforward neural networks", equation 16.
    """
    weights = []
    for fan_in, fan_out in pairwise(sizes):
        limit = np.sqrt(6 / (fan_in + fan_out))
        weights.append(rng.uniform(-limit, limit, (fan_in, fan_out)))
    return weights
