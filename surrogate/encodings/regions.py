"""`regions`: the convex hull of the network's graph, by its exact linear regions.

On its box a net of at most three inputs is affine on finitely many polytopes. With the corners v
of region r, and one weight lambda_rv for each,

    x = sum lambda_rv v,   y = sum lambda_rv net(v),   sum lambda_rv = 1,   lambda >= 0,

and ceil(log2 R) binaries select the region: binary i is the sum of the weights of the regions whose
code has bit i set. The codes follow a k-d tree of the regions' centres, so that the leading bits
cut the box in halves. The linear relaxation is the convex hull of the graph: no formulation of one
net can be tighter. All outputs share the weights. There is no big-M, and no variable of a neuron.

Sources: R. Jeroslow and J. Lowe, Modelling with integer variables, Mathematical Programming Study
22 (1984), the disaggregated convex combination; J. Vielma and G. Nemhauser, Modeling disjunctive
constraints with a logarithmic number of binary variables and constraints, Mathematical Programming
128 (2011), the code.
"""

from __future__ import annotations

from functools import lru_cache, partial

import numpy as np
from scipy import sparse
from scipy.optimize import nnls

from surrogate.bounds import Bounds
from surrogate.box import Box, FloatArray
from surrogate.constraints import LinearConstraints
from surrogate.encodings.encoded import Corners, Encoded
from surrogate.encodings.formulation import ArrayFormulation
from surrogate.encodings.pieces import piece_within
from surrogate.encodings.units import begin
from surrogate.errors import EmbeddingError
from surrogate.network import Network
from surrogate.programs import Option
from surrogate.programs.program import IntArray
from surrogate.regions import Regions, enumerate_regions

# HiGHS's presolve and these heuristics cost more than they save here: the incumbents come from the
# restricted rounds, and a program with few rows has little to presolve. Without the four heuristics
# 2.3 to 2.9 times faster, without presolve 1.3 times more.
# To measure again: benchmarks/encodings.py
OPTIONS: dict[str, Option] = {
    "presolve": "off",
    "mip_heuristic_run_feasibility_jump": False,
    "mip_heuristic_run_rins": False,
    "mip_heuristic_run_rens": False,
    "mip_heuristic_run_root_reduced_cost": False,
}


MAX_CORNERS = 400_000
"""One variable each; 170,000 of them take Pyomo some 4 s (benchmarks/public_nets.py)."""

SECONDS = 30.0
"""What the enumeration may take."""


class ConvexRegions(ArrayFormulation):
    """The convex hull of the graph; raises `EmbeddingError` where regions cannot be enumerated."""

    method = "crown"  # only the outputs' bounds are used

    @staticmethod
    @lru_cache(maxsize=16)  # copies of one net pay once
    def encode(net: Network, bounds: Bounds) -> Encoded:
        """The columns are lambda (one per region and corner) and code (the binaries)."""
        found = linear_regions(net, bounds.box, bounds.constraints, MAX_CORNERS)
        begun = begin(bounds)
        builder, vertices = begun.builder, begun.points(found.vertices)
        corner = np.concatenate(found.members)
        group = np.repeat(np.arange(len(found)), [len(member) for member in found.members])
        weights = builder.add_columns("lambda", np.zeros(len(corner)), np.inf)
        builder.add_rows("one", 1.0, 1.0, (weights, np.ones((1, len(corner)))))
        for name, columns, points in (("x", begun.u, vertices), ("y", begun.y, found.values)):
            minus = -np.ones(len(columns))
            builder.add_rows(f"is_{name}", 0.0, 0.0, (columns, minus), (weights, points[corner].T))
        codes = kd_codes(np.array([vertices[m].mean(axis=0) for m in found.members]))
        bits = builder.add_columns("code", np.zeros(codes.shape[1]), 1.0, integer=True)
        chosen = sparse.csr_array(codes[group].T.astype(float))
        builder.add_rows("is_code", 0.0, 0.0, (bits, -np.ones(len(bits))), (weights, chosen))
        none = tuple(np.full(len(b), -1) for b in net.biases[:-1])
        within = partial(piece_within, net, bounds.constraints)
        return Encoded(
            builder=builder,
            pattern=partial(code_at, found, net, codes),
            post=none,
            binary=none,
            choices=(Corners(weights, group, found.vertices[corner], within),),
            options=OPTIONS,
        )


@lru_cache(maxsize=16)
def linear_regions(
    net: Network, box: Box, constraints: LinearConstraints | None, most_corners: int
) -> Regions:
    """The linear regions, with at most `most_corners` corners in all.

    Raises `EmbeddingError` where there are more, or more than three inputs vary, or `SECONDS` are
    not enough.
    """
    rows = None if constraints is None else (constraints.matrix, constraints.rhs)
    most = most_corners // (box.n_varying + 1)  # a simplex has the fewest corners
    found = enumerate_regions(net, box, rows, max_regions=max(1, most), time_limit=SECONDS)
    corners = sum(len(member) for member in found.members)
    if corners > most_corners:
        raise EmbeddingError(
            f"the network's {len(found)} linear regions have {corners} corners, the limit is "
            f"{most_corners}, one variable each; use another encoding, or a smaller box"
        )
    return found


def code_at(found: Regions, net: Network, codes: IntArray, point: FloatArray) -> FloatArray:
    """The code of the region that holds the point."""
    return np.asarray(codes[region_at(found, net, point)], dtype=np.float64)


def region_at(found: Regions, net: Network, point: FloatArray) -> int:
    """The number of a region that holds the point, or is nearest to it.

    Among the regions whose map is net(x) at the point, the one for whose corners the weights of a
    convex combination (by nonnegative least squares) come nearest.
    """
    mapped = np.einsum("d,rdm->rm", point, found.slopes) + found.intercepts
    error = np.abs(mapped - net(point[None, :])).max(axis=1)
    candidates = np.flatnonzero(error <= error.min() + 1e-6)
    distances = []
    for r in candidates:
        corners = found.vertices[found.members[r]]
        system = np.vstack([corners.T, np.ones(len(corners))])
        distances.append(nnls(system, np.append(point, 1.0))[1])
    return int(candidates[np.argmin(distances)])


def kd_codes(points: FloatArray) -> IntArray:
    """Distinct binary codes along a k-d tree, shape (n, ceil(log2 n)); the first bit cuts first.

    Each tree node is cut at the median of the axis in which its points spread most.
    """
    n_bits = int(np.ceil(np.log2(len(points))))
    codes = np.zeros((len(points), n_bits), dtype=int)
    pending = [(np.arange(len(points)), 0)]
    while pending:
        index, bit = pending.pop()
        if len(index) <= 1:
            continue
        axis = int(np.ptp(points[index], axis=0).argmax())
        ordered = index[np.argsort(points[index, axis], kind="stable")]
        half = len(ordered) // 2
        codes[ordered[half:], bit] = 1
        pending += [(ordered[:half], bit + 1), (ordered[half:], bit + 1)]
    return codes
