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

from collections.abc import Mapping, Sequence
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
from surrogate.problems.pooling_program import add_qualities, best_profit, flows, ranges
from surrogate.problems.pooling_repair import (
    corrected_qualities,
    mixed_qualities,
    said_qualities,
)
from surrogate.problems.problem import Built, Problem, Surrogate


@dataclass(frozen=True, eq=False, kw_only=True)
class Pooling(Problem):
    """An instance of the pooling problem."""

    data: PoolingData

    def write(self, *surrogates: Surrogate) -> pyo.ConcreteModel:
        """The flows, the free qualities u[l, k], the surrogates anchor[l, k] and net[l, j, k]."""
        model, (centre, half) = flows(self.data), _quality_scales(self.data)
        pools, products, qualities = ranges(self.data)
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
        add_qualities(
            model,
            self.data,
            lambda i, j, k: mixes[i].of(k, model.y[i, j], {f: w[i, j, f] for f in mixes[i].free}),
        )
        return model

    def repair(self, built: Built, held: Sequence[Held]) -> float | None:  # noqa: ARG002
        """The best true profit with the decision's qualities: see `best_profit`.

        The decision says them twice, as u and by what flows into the pools, and only the truth
        makes them equal. What flows is also corrected, by little (`corrected_qualities`). The best
        of these counts. There is always a plan: no flow at all.
        """
        data, model = self.data, built.model
        said, mixed = said_qualities(data, model), mixed_qualities(data, model)
        pools, products, _ = ranges(data)
        flow = np.array([[pyo.value(model.y[i, j]) for j in products] for i in pools])
        readings = (said, mixed, *corrected_qualities(data, mixed, flow))
        return max(best_profit(data, quality) for quality in readings)


def pooling(name: str) -> Pooling:
    """The instance of that name in `INSTANCES`."""
    data = INSTANCES[name]
    n_pools, n_products, n_qualities = map(len, ranges(data))
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


def _quality_scales(data: PoolingData) -> tuple[FloatArray, FloatArray]:
    """Centre and half-width of every pool's qualities, (L, K) each."""
    ends = [data.quality_ends(pool) for pool in range(len(data.capacity))]
    low, high = (np.array(side) for side in zip(*ends, strict=True))
    return (low + high) / 2, (high - low) / 2


POOLING: Mapping[str, Pooling] = MappingProxyType({name: pooling(name) for name in INSTANCES})
"""All instances, as problems."""
