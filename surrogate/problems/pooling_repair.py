"""The qualities that a decision says its pools have: what a repair of it holds."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyomo.environ as pyo

from surrogate.box import FloatArray
from surrogate.problems.pooling_data import PoolingData
from surrogate.problems.pooling_program import add_qualities, flows, ranges
from surrogate.solving import solve

USED = 1e-6
"""A pool is in use when more than this share of its capacity flows into it."""

NEAR = 0.02
"""Of the ranges of qualities and flows: how far a decision is corrected."""

CORRECTIONS = 5
"""The errors that are left are of the order of their squares each time."""


def mixed_qualities(data: PoolingData, model: Any) -> FloatArray:
    """The qualities (L, K) that the flows into the pools mix to; of an empty pool, those said."""
    found = said_qualities(data, model)
    for pool, capacity in enumerate(data.capacity):
        sources = data.sources_of(pool)
        flow = np.maximum([model.x[s, pool].value for s in sources], 0.0)
        if flow.sum() > USED * capacity:
            found[pool] = flow @ data.quality[sources] / flow.sum()
    return found


def said_qualities(data: PoolingData, model: Any) -> FloatArray:
    """The qualities (L, K) that the model's variables say."""
    pools, _, qualities = ranges(data)
    return np.array([[pyo.value(model.quality[i, k]) for k in qualities] for i in pools])


def corrected_qualities(
    data: PoolingData, quality: FloatArray, flow: FloatArray
) -> list[FloatArray]:
    """Qualities (L, K) near these, with which flows near these (L, P) obey the truth.

    A surrogate's error of a thousandth can cost all profit: where one mix of two pools alone keeps
    a product within all its limits, qualities right beside them leave no mix that does. So the
    products p y are linearised at the decision,

        p y ~ p0 y + y0 (p - p0),

    and the nearest p and y that obey the program are looked for within `NEAR`, and again from
    there: Newton's method. All qualities on the way are given; none where nothing obeys the first
    program.
    """
    pools, products, _ = ranges(data)
    sides = zip(*(data.quality_ends(pool) for pool in pools), strict=True)
    low, high = (np.array(side) for side in sides)
    width = high - low
    box = np.maximum(low, quality - NEAR * width), np.minimum(high, quality + NEAR * width)
    found, quality = list[FloatArray](), quality.copy()
    for _ in range(CORRECTIONS):
        model = _linearised(data, quality, flow, box)
        if not solve(model).has_solution:
            break
        for (i, k), p in model.p.items():
            if p.value is not None:  # that of a pool without any flow is in no row
                quality[i, k] = p.value
        flow = np.array([[pyo.value(model.y[i, j]) for j in products] for i in pools])
        found.append(quality.copy())
    return found


def _linearised(
    data: PoolingData, quality: FloatArray, flow: FloatArray, box: tuple[FloatArray, FloatArray]
) -> Any:
    """The nearest p in the box and y that obey the program linearised at these."""
    model, (pools, products, qualities) = flows(data), ranges(data)
    (low, high), p0, y0 = box, quality.tolist(), flow.tolist()
    model.p = pyo.Var(
        pools, qualities, bounds=lambda _, i, k: (float(low[i, k]), float(high[i, k]))
    )
    add_qualities(
        model,
        data,
        lambda i, j, k: p0[i][k] * model.y[i, j] + y0[i][j] * (model.p[i, k] - p0[i][k]),
    )
    most = np.array([data.most_flow(i) for i in pools])
    moved = [(model.y[i, j] - y0[i][j]) / float(most[i, j]) for i in pools for j in products]
    width = np.maximum(high - low, 1e-9) / (2 * NEAR)
    moved += [(model.p[i, k] - p0[i][k]) / float(width[i, k]) for i in pools for k in qualities]
    model.far = pyo.Var(range(len(moved)), bounds=(0, NEAR))
    model.ahead = pyo.Constraint(range(len(moved)), rule=lambda m, n: moved[n] <= m.far[n])
    model.behind = pyo.Constraint(range(len(moved)), rule=lambda m, n: -moved[n] <= m.far[n])
    model.objective.deactivate()
    model.nearest = pyo.Objective(expr=pyo.quicksum(model.far.values()))
    return model
