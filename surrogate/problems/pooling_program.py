"""The true program of a pooling instance: linear once what the pools carry is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pyomo.environ as pyo

from surrogate.box import FloatArray
from surrogate.problems.pooling_data import PoolingData
from surrogate.solving import solve

Carried = Callable[[int, int, int], Any]
"""w_ljk: what pool l carries of quality k into product j, linear in the model's variables."""


def best_profit(data: PoolingData, quality: FloatArray) -> float:
    """The best profit of the true problem with the pools' qualities (L, K) fixed.

    A pool whose qualities no mix of its sources has stays empty. Never below 0: nothing need flow.
    """
    model = flows(data)
    add_qualities(model, data, lambda i, j, k: float(quality[i, k]) * model.y[i, j])
    return max(0.0, solve(model).objective or 0.0)


def ranges(data: PoolingData) -> tuple[range, range, range]:
    """Of pools, products and qualities."""
    return range(len(data.capacity)), range(len(data.demand)), range(data.quality.shape[1])


def flows(data: PoolingData) -> pyo.ConcreteModel:
    """The model without qualities: x[s, l], z[s, j], v[l, j] and y[l, j] = y_h (1 + v[l, j])."""
    model = pyo.ConcreteModel()
    pools, products, _ = ranges(data)
    into = [(s, i) for s, ends in enumerate(data.pools_of) for i in ends]
    direct = [(s, j) for s, ends in enumerate(data.products_of) for j in ends]
    half_flow = np.array([data.most_flow(i) / 2 for i in pools])
    model.x = pyo.Var(into, domain=pyo.NonNegativeReals)
    model.z = pyo.Var(direct, domain=pyo.NonNegativeReals)
    model.v = pyo.Var(pools, products, bounds=(-1, 1))
    model.y = pyo.Expression(
        pools, products, rule=lambda m, i, j: float(half_flow[i, j]) * (1 + m.v[i, j])
    )
    x, y, z = model.x, model.y, model.z
    used = [_over(x, 0, s) + _over(z, 0, s) for s in range(len(data.supply))]
    made = [pyo.quicksum(y[i, j] for i in pools) + _over(z, 1, j) for j in products]
    through = [pyo.quicksum(y[i, j] for j in products) for i in pools]
    model.made = pyo.Expression(products, rule=dict(enumerate(made)))
    model.balance = pyo.Constraint(pools, rule=lambda _, i: _over(x, 1, i) == through[i])
    model.size = pyo.Constraint(pools, rule=lambda _, i: through[i] <= float(data.capacity[i]))
    model.supply = pyo.Constraint(
        range(len(used)), rule=lambda _, s: used[s] <= float(data.supply[s])
    )
    model.demand = pyo.Constraint(products, rule=lambda _, j: made[j] <= float(data.demand[j]))
    model.objective = pyo.Objective(
        expr=pyo.quicksum(float(a) * e for a, e in zip(data.price, made, strict=True))
        - pyo.quicksum(float(a) * e for a, e in zip(data.cost, used, strict=True)),
        sense=pyo.maximize,
    )
    return model


def add_qualities(model: Any, data: PoolingData, carried: Carried) -> None:
    """The rows of the qualities, blend and limit, by what the pools carry."""
    pools, products, qualities = ranges(data)
    w = {(i, j, k): carried(i, j, k) for i in pools for j in products for k in qualities}
    q = data.quality.tolist()
    model.blend = pyo.Constraint(
        pools,
        qualities,
        rule=lambda m, i, k: (
            pyo.quicksum(q[s][k] * m.x[s, i] for s in data.sources_of(i))
            == pyo.quicksum(w[i, j, k] for j in products)
        ),
    )
    model.limit = pyo.Constraint(
        products,
        qualities,
        rule=lambda m, j, k: (
            pyo.quicksum(w[i, j, k] for i in pools)
            + pyo.quicksum(q[s][k] * z for (s, end), z in m.z.items() if end == j)
            <= float(data.limit[j, k]) * m.made[j]
        ),
    )


def _over(variables: Any, place: int, number: int) -> Any:
    """The sum of the flows whose arc has `number` as its start (place 0) or its end (place 1)."""
    return pyo.quicksum(v for arc, v in variables.items() if arc[place] == number)
