"""A synthetic table of plant data whose inputs fill next to nothing of their box.

It imitates the simulated autothermal reformer of OMLT's examples. Part b of a gas passes the
reactor by; the rest, with a ratio r of gas to a reference and steam s, leaves it as several times
as many moles and is mixed with what passed by. The operators keep the steam in step with the gas,
so all rows are near

    s = 1.2 (1 - b) r

and what a network says elsewhere in the box is made up. With sigma = s / (1.2 (1 - b) r), the share
phi = g (1 - b) / (b + g (1 - b)) of the mixture that was reformed, and its growth g = 6 + r:

    H2  = phi (0.345 - 0.06 (r - 1) + 0.02 tanh(3 (sigma - 1)))
    N2  = phi (0.360 - 0.08 (r - 1) - 0.03 tanh(3 (sigma - 1)))
    CO  = phi (0.122 - 0.05 (r - 1) - 0.02 tanh(3 (sigma - 1)))
    CH4 = 0.94 (1 - phi) + 0.01 phi

This is how the rows were made, and not a truth for other inputs: there is none.
"""

from __future__ import annotations

import numpy as np

from surrogate.datasets.dataset import Dataset

SCATTER = 0.01
"""The standard deviation of sigma around 1."""


def reformer_table(n: int = 2_000, seed: int = 0) -> Dataset:
    """`n` rows: b in [0.1, 0.8], r in [0.8, 1.2] uniform, the steam s near (1 - b) r."""
    rng = np.random.default_rng(seed)
    bypass, ratio = rng.uniform([0.1, 0.8], [0.8, 1.2], (n, 2)).T
    sigma = 1.0 + SCATTER * rng.standard_normal(n).clip(-3.0, 3.0)
    growth = 6.0 + ratio
    share = growth * (1.0 - bypass) / (bypass + growth * (1.0 - bypass))
    more, richer = np.tanh(3.0 * (sigma - 1.0)), ratio - 1.0
    outputs = (
        share * (0.345 - 0.06 * richer + 0.02 * more),
        share * (0.360 - 0.08 * richer - 0.03 * more),
        share * (0.122 - 0.05 * richer - 0.02 * more),
        0.94 * (1.0 - share) + 0.01 * share,
    )
    return Dataset(
        np.stack([bypass, ratio, 1.2 * sigma * (1.0 - bypass) * ratio], axis=1),
        np.stack(outputs, axis=1),
        ("bypass", "ratio", "steam"),
        ("H2", "N2", "CO", "CH4"),
    )
