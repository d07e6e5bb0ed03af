"""The pooling problem by its q-formulation and scipy: nothing here is shared with the package.

A pool's mix q_sl says which share of it comes from source s, and f_slj = q_sl y_lj flows on from s
through l to j. With the mix fixed that is linear. In a box of mixes McCormick's envelopes of q y,
sum_s f_slj = y_lj and sum_j f_slj = q_sl sum_j y_lj <= q_sl capacity bound it from above, and
bisecting the boxes proves the optimum.
"""

import heapq
from itertools import count

import numpy as np
from scipy.optimize import linprog


class Pools:
    """The linear program over f, y, z and q, and what bounds q in it."""

    def __init__(self, data):
        self.data = data
        self.arcs = [(s, i) for s, pools in enumerate(data.pools_of) for i in pools]
        products = range(len(data.demand))
        keys = [("f", s, i, j) for s, i in self.arcs for j in products]
        keys += [("y", i, j) for i in range(len(data.capacity)) for j in products]
        keys += [("z", s, j) for s, ends in enumerate(data.products_of) for j in ends]
        keys += [("q", s, i) for s, i in self.arcs]
        self.at = {key: n for n, key in enumerate(keys)}
        self.cost = np.zeros(len(keys))
        for key, n in self.at.items():
            if key[0] in "fz":
                self.cost[n] = data.cost[key[1]] - data.price[key[-1]]
        self.rows, self.rhs = [], []
        for s in range(len(data.supply)):
            self.add(data.supply[s], lambda k, s=s: k[0] in "fz" and k[1] == s)
        for i, capacity in enumerate(data.capacity):
            self.add(capacity, lambda k, i=i: k[0] == "y" and k[1] == i)
        for j in products:
            self.add(data.demand[j], lambda k, j=j: k[0] in "fz" and k[-1] == j)
            for c, limit in enumerate(data.limit[j]):
                row = np.zeros(len(keys))
                for key, n in self.at.items():
                    if key[0] in "fz" and key[-1] == j:
                        row[n] = data.quality[key[1], c] - limit
                self.rows.append(row)
                self.rhs.append(0.0)
        for s, i in self.arcs:  # sum_j f_slj <= capacity_l q_sl
            self.add(
                0.0,
                lambda k, s=s, i=i: k[0] == "f" and k[1:3] == (s, i),
                (-data.capacity[i], ("q", s, i)),
            )
        self.equal, self.sides = [], []
        for i in range(len(data.capacity)):
            row = np.array([float(k[0] == "q" and k[2] == i) for k in keys])
            self.equal.append(row)
            self.sides.append(1.0)
            for j in products:
                row = np.array([float(k[0] == "f" and k[2:] == (i, j)) for k in keys])
                row[self.at["y", i, j]] = -1.0
                self.equal.append(row)
                self.sides.append(0.0)

    def add(self, rhs, picks, *more):
        row = np.array([float(picks(key)) for key in self.at])
        for value, key in more:
            row[self.at[key]] = value
        self.rows.append(row)
        self.rhs.append(rhs)

    def best(self, lower, upper):
        """The largest profit of the relaxation with q in [lower, upper], and its q; exact where
        these are equal. None when no mix is in the box.
        """
        rows, rhs = list(self.rows), list(self.rhs)
        for (s, i), low, up in zip(self.arcs, lower, upper, strict=True):
            for j in range(len(self.data.demand)):
                most = min(self.data.demand[j], self.data.capacity[i])
                f, y, q = self.at["f", s, i, j], self.at["y", i, j], self.at["q", s, i]
                for of_f, of_y, of_q, side in (
                    (-1, low, 0, 0),  # f >= low y
                    (1, -up, 0, 0),  # f <= up y
                    (-1, up, most, up * most),  # f >= up y + most q - up most
                    (1, -low, -most, -low * most),  # f <= low y + most q - low most
                ):
                    row = np.zeros(len(self.at))
                    row[[f, y, q]] = of_f, of_y, of_q
                    rows.append(row)
                    rhs.append(side)
        bounds = [(0, None)] * (len(self.at) - len(self.arcs)) + list(
            zip(lower, upper, strict=True)
        )
        for key, n in self.at.items():
            if key[0] == "y":
                bounds[n] = (0, min(self.data.demand[key[2]], self.data.capacity[key[1]]))
        found = linprog(self.cost, np.array(rows), rhs, np.array(self.equal), self.sides, bounds)
        return None if found.x is None else (-found.fun, found.x[-len(self.arcs) :])


def proved_optimum(data, gap):
    """A profit, a bound that none exceeds, at most `gap` above it, and the mix of the profit."""
    pools, number = Pools(data), count()
    lower, upper = np.zeros(len(pools.arcs)), np.ones(len(pools.arcs))
    bound, q = pools.best(lower, upper)
    best, mix = 0.0, q
    heap = [(-bound, next(number), q, lower, upper)]
    while heap:
        bound, _, q, lower, upper = heapq.heappop(heap)
        here = pools.best(q, q)
        if here is not None and here[0] > best:
            best, mix = here
        if -bound <= best * (1 + gap):
            return best, -bound, dict(zip(pools.arcs, mix, strict=True))
        k = int(np.argmax(np.minimum(q - lower, upper - q) + 1e-3 * (upper - lower)))
        middle = (
            q[k]
            if 0.1 < (q[k] - lower[k]) / (upper[k] - lower[k]) < 0.9
            else (lower[k] + upper[k]) / 2
        )
        for low, up in ((lower[k], middle), (middle, upper[k])):
            a, b = lower.copy(), upper.copy()
            a[k], b[k] = low, up
            found = pools.best(a, b)
            if found is not None and found[0] > best * (1 + gap):
                heapq.heappush(heap, (-found[0], next(number), found[1], a, b))
    return best, best * (1 + gap), dict(zip(pools.arcs, mix, strict=True))
