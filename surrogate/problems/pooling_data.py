"""The standard instances of the pooling problem, as data.

As collected by Tawarmalani and Sahinidis, Convexification and Global Optimization in Continuous
and Mixed-Integer Nonlinear Programming (2002), whose model is `pool` of the GAMS model library.
They are from Haverly, ACM SIGMAP Bulletin 25 (1978) and 26 (1979); Foulds, Haugland and Jornsten,
Optimization 24 (1992); Ben-Tal, Eiger and Gershovitz, Mathematical Programming 63 (1994); Adhya,
Tawarmalani and Sahinidis, Industrial and Engineering Chemistry Research 38 (1999).

`tests/problems/test_pooling.py` reproduces their optima.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from surrogate.box import FloatArray


@dataclass(frozen=True, eq=False)
class PoolingData:
    """S sources, L pools, P products and K qualities.

    supply, cost       (S,) the largest amount of each source, and money per unit
    quality            (S, K) of the sources
    capacity           (L,) the largest amount that flows through each pool
    demand, price      (P,) the largest amount of each product, and money per unit
    limit              (P, K) the largest quality of each product
    pools_of           of each source, the pools that it can flow into
    products_of        of each source, the products that it can flow into directly
    profit             the published optimum
    """

    supply: FloatArray
    cost: FloatArray
    quality: FloatArray
    capacity: FloatArray
    demand: FloatArray
    price: FloatArray
    limit: FloatArray
    pools_of: tuple[tuple[int, ...], ...]
    products_of: tuple[tuple[int, ...], ...]
    profit: float

    def sources_of(self, pool: int) -> list[int]:
        """The sources that can flow into a pool."""
        return [s for s, pools in enumerate(self.pools_of) if pool in pools]

    def quality_ends(self, pool: int) -> tuple[FloatArray, FloatArray]:
        """The smallest and largest qualities of a mix of the pool's sources, (K,) each."""
        found = self.quality[self.sources_of(pool)]
        return found.min(axis=0), found.max(axis=0)

    def most_flow(self, pool: int) -> FloatArray:
        """The most that can flow from a pool into each product, (P,)."""
        inflow = self.supply[self.sources_of(pool)].sum()
        found: FloatArray = np.minimum(self.demand, min(self.capacity[pool], inflow))
        return found


def _data(
    sources: Sequence[tuple[float, float, Sequence[float], Sequence[int]]],
    capacity: Sequence[float],
    products: Sequence[tuple[float, float, Sequence[float]]],
    profit: float,
) -> PoolingData:
    """From rows: (supply, cost, qualities, pools) and (demand, price, limits).

    A source that flows into no pool flows into all products.
    """
    every = tuple(range(len(products)))
    supply, cost, quality, pools = zip(*sources, strict=True)
    demand, price, limit = zip(*products, strict=True)
    return PoolingData(
        supply=np.array(supply, dtype=float),
        cost=np.array(cost, dtype=float),
        quality=np.array(quality, dtype=float),
        capacity=np.array(capacity, dtype=float),
        demand=np.array(demand, dtype=float),
        price=np.array(price, dtype=float),
        limit=np.array(limit, dtype=float),
        pools_of=tuple(tuple(each) for each in pools),
        products_of=tuple(() if each else every for each in pools),
        profit=profit,
    )


def _haverly(demand: float, capacity: float, cost: float, profit: float) -> PoolingData:
    return _data(
        [
            (capacity, 6, [3], [0]),
            (capacity, cost, [1], [0]),
            (capacity, 10, [2], []),
        ],
        [capacity],
        [(demand, 9, [2.5]), (200, 15, [1.5])],
        profit,
    )


_ADHYA_PRODUCTS = [
    (10, 16, [3, 3, 3.25, 0.75]),
    (25, 25, [4, 2.5, 3.5, 1.5]),
    (30, 15, [1.5, 5.5, 3.9, 0.8]),
    (10, 10, [3, 4, 4, 1.8]),
]
_BENTAL5_SOURCES: list[tuple[float, list[float]]] = [
    (6, [3, 1]),
    (16, [1, 3]),
    (15, [1.2, 5]),
    (12, [1.5, 2.5]),
]

INSTANCES: Mapping[str, PoolingData] = MappingProxyType(
    {
        "haverly1": _haverly(100, 300, 16, 400.0),
        "haverly2": _haverly(600, 800, 16, 600.0),
        "haverly3": _haverly(100, 300, 13, 750.0),
        "bental4": _data(
            [(300, 6, [3], [0]), (50, 15, [1], [0]), (300, 16, [1], [0]), (300, 10, [2], [])],
            [300],
            [(100, 9, [2.5]), (200, 15, [1.5])],
            450.0,
        ),
        "foulds2": _data(
            [
                (600, 6, [3], [0]),
                (600, 16, [1], [0]),
                (600, 10, [2], []),
                (600, 3, [3.5], [1]),
                (600, 13, [1.5], [1]),
                (600, 7, [2.5], []),
            ],
            [600, 600],
            [(100, 9, [2.5]), (200, 15, [1.5]), (100, 6, [3]), (200, 12, [2])],
            1100.0,
        ),
        "adhya1": _data(
            [
                (75, 7, [1, 6, 4, 0.5], [0]),
                (75, 3, [4, 1, 3, 2], [0]),
                (75, 2, [4, 5.5, 3, 0.9], [1]),
                (75, 10, [3, 3, 3, 1], [1]),
                (75, 5, [1, 2.7, 4, 1.6], [1]),
            ],
            [75, 75],
            _ADHYA_PRODUCTS,
            549.80305,
        ),
        "bental5": _data(
            [(600, cost, q, [pool]) for pool in range(3) for cost, q in _BENTAL5_SOURCES]
            + [(600, 10, [2, 2.5], [])],
            [600, 600, 600],
            [
                (100, 18, [2.5, 2]),
                (200, 15, [1.5, 2.5]),
                (100, 19, [2, 2.6]),
                (100, 16, [2, 2]),
                (100, 14, [2, 2]),
            ],
            3500.0,
        ),
    }
)
"""By name."""
