r"""The pooling problem: every product quality x flow is a copy of one surrogate of xy.

Sources s with qualities q_sk flow into pools l or, directly, into products j; pools flow into
products. With x_sl, y_lj and z_sj the flows, p_lk the quality of what is in a pool, and
w_ljk = p_lk y_lj what a pool carries of quality k into a product (the p-formulation):

    max  sum_j price_j (sum_l y_lj + sum_s z_sj) - sum_s cost_s (sum_l x_sl + sum_j z_sj)

    balance   sum_s x_sl = sum_j y_lj                    blend    sum_s q_sk x_sl = sum_j w_ljk
    supply    sum_l x_sl + sum_j z_sj <= supply_s        size     sum_j y_lj <= capacity_l
    demand    sum_l y_lj + sum_s z_sj <= demand_j
    limit     sum_l w_ljk + sum_s q_sk z_sj <= limit_jk (sum_l y_lj + sum_s z_sj)

**The scaling.** A pool's quality lies between those of its sources, p = p_c + p_h u, and a flow
between nothing and the most that the product takes, y = y_h (1 + v), with u and v in [-1, 1]. Then

    p y = p_c y + p_h y_h (u + u v),

in which only u v is left to the surrogate. The rest is exact, so an error e of the surrogate is an
error p_h y_h e of w: no box that holds the term has a smaller factor, and the boxes are as tight as
the data make them.

**The anchor.** Most flows of a good plan are nothing, and there the smallest error is fatal: a pool
that carries sulfur without a flow into a product that nobody makes breaks that product's limit, and
the model leaves the plan out. So u v is not net(u, v) but

    net(u, v) - net(u, -1) - u,    hence    w = p_c y + p_h y_h (net(u, v) - net(u, -1)),

which is exact at y = 0 whatever the network says. The other copy, net(u, -1), is the same for all
products. The plan without any flow is then feasible with every network, and the nets of models/,
whose errors are up to 0.15, find the best plan of Haverly 2 (`tests/problems/test_pooling.py`).

**How many terms.** One per pool, product and quality would be more than there is to learn: two
sources mix along a line, whatever the number of qualities, so that one quality says all others
(`free_qualities`). Only the free ones are variables with surrogates; what a pool carries of the
others is affine in what it carries of these, exactly. Adhya 1 has 12 products u v and not 32, and
no pool of it can have qualities that contradict each other.

**The true problem** is a linear program once the qualities are fixed, and its largest value over
all qualities is the optimum: `best_profit`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
import pyomo.environ as pyo

from surrogate.box import FloatArray
from surrogate.functions import FUNCTIONS
from surrogate.problems.evaluating import Held
from surrogate.problems.pooling_data import INSTANCES, PoolingData
from surrogate.problems.pooling_mixes import free_qualities
from surrogate.problems.problem import Built, Problem, Surrogate
from surrogate.solving import solve

USED = 1e-6
"""A pool is in use when more than this share of its capacity flows into it."""

Carried = Callable[[int, int, int], Any]
"""w_ljk: what pool l carries of quality k into product j, linear in the model's variables."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Pooling(Problem):
    """An instance of the pooling problem."""

    data: PoolingData

    def write(self, *surrogates: Surrogate) -> pyo.ConcreteModel:
        """The flows, the free qualities u[l, k], the surrogates anchor[l, k] and net[l, j, k]."""
        model, (centre, half) = _flows(self.data), _quality_scales(self.data)
        pools, products, qualities = _ranges(self.data)
        mixes = [free_qualities(self.data, i) for i in pools]
        free = [(i, k) for i in pools for k in mixes[i].free]
        model.u = pyo.Var(free, bounds=(-1, 1))
        model.none = pyo.Var(bounds=(-1, -1))
        model.anchor = pyo.Block(free)
        model.net = pyo.Block([(i, j, k) for i, k in free for j in products])
        (surrogate,) = surrogates

        def quality(i: int, k: int) -> Any:
            return float(centre[i, k]) + float(half[i, k]) * model.u[i, k]

        anchor = {
            (i, k): surrogate(model.anchor[i, k], [model.u[i, k], model.none])[0] for i, k in free
        }

        def product(i: int, j: int, k: int) -> Any:
            (uv,) = surrogate(model.net[i, j, k], [model.u[i, k], model.v[i, j]])
            factor = float(half[i, k] * self.data.most_flow(i)[j] / 2)
            return float(centre[i, k]) * model.y[i, j] + factor * (uv - anchor[i, k])

        p = {(i, k): quality(i, k) for i, k in free}
        w = {(i, j, k): product(i, j, k) for i, k in free for j in products}
        model.quality = pyo.Expression(
            pools,
            qualities,
            rule=lambda _, i, k: mixes[i].of(k, 1.0, {f: p[i, f] for f in mixes[i].free}),
        )
        _add_qualities(
            model,
            self.data,
            lambda i, j, k: mixes[i].of(k, model.y[i, j], {f: w[i, j, f] for f in mixes[i].free}),
        )
        return model

    def repair(self, built: Built, held: Sequence[Held]) -> float | None:  # noqa: ARG002
        """The best true profit with the decision's qualities: see `best_profit`.

        The decision says them twice, as u and by what flows into the pools, and only the truth
        makes them equal. The better reading counts. There is always a plan: no flow at all.
        """
        readings = (said_qualities, mixed_qualities)
        return max(best_profit(self.data, read(self.data, built.model)) for read in readings)


def pooling(name: str) -> Pooling:
    """The instance of that name in `INSTANCES`."""
    data = INSTANCES[name]
    n_pools, n_products, n_qualities = map(len, _ranges(data))
    copies = (n_products + 1) * sum(len(free_qualities(data, pool).free) for pool in range(n_pools))
    return Pooling(
        name=name,
        title=(
            f"pooling, {len(data.supply)} sources, {n_pools} pools, {n_products} products, "
            f"{n_qualities} qualities: {copies} copies of xy"
        ),
        sense="maximize",
        functions=(FUNCTIONS["xy"],),
        optimum=data.profit,
        source="GAMS model library, pool: see surrogate/problems/pooling_data.py",
        scale=data.profit,
        data=data,
    )


def best_profit(data: PoolingData, quality: FloatArray) -> float:
    """The best profit of the true problem with the pools' qualities (L, K) fixed.

    A pool whose qualities no mix of its sources has stays empty. Never below 0: nothing need flow.
    """
    model = _flows(data)
    _add_qualities(model, data, lambda i, j, k: float(quality[i, k]) * model.y[i, j])
    return max(0.0, solve(model).objective or 0.0)


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
    pools, _, qualities = _ranges(data)
    return np.array([[pyo.value(model.quality[i, k]) for k in qualities] for i in pools])


def _ranges(data: PoolingData) -> tuple[range, range, range]:
    """Of pools, products and qualities."""
    return range(len(data.capacity)), range(len(data.demand)), range(data.quality.shape[1])


def _quality_scales(data: PoolingData) -> tuple[FloatArray, FloatArray]:
    """Centre and half-width of every pool's qualities, (L, K) each."""
    ends = [data.quality_ends(pool) for pool in range(len(data.capacity))]
    low, high = (np.array(side) for side in zip(*ends, strict=True))
    return (low + high) / 2, (high - low) / 2


def _flows(data: PoolingData) -> pyo.ConcreteModel:
    """The model without qualities: x[s, l], z[s, j], v[l, j] and y[l, j] = y_h (1 + v[l, j])."""
    model = pyo.ConcreteModel()
    pools, products, _ = _ranges(data)
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


def _over(variables: Any, place: int, number: int) -> Any:
    """The sum of the flows whose arc has `number` as its start (place 0) or its end (place 1)."""
    return pyo.quicksum(v for arc, v in variables.items() if arc[place] == number)


def _add_qualities(model: Any, data: PoolingData, carried: Carried) -> None:
    """The rows of the qualities, blend and limit, by what the pools carry."""
    pools, products, qualities = _ranges(data)
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


POOLING: Mapping[str, Pooling] = MappingProxyType({name: pooling(name) for name in INSTANCES})
"""All instances, as problems."""
