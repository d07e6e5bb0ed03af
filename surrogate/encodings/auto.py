"""`auto`: the encoding, and the bounds, that what is cheap to compute speaks for.

    at most 3 inputs vary, and the linear regions have few corners    regions
    otherwise, at most 12 inputs vary                                 bigm with lp bounds
    more inputs vary, at most 60 neurons are unstable                 bigm with milp bounds
    more inputs vary, more neurons are unstable                       bigm with lp bounds

Regions are the convex hull of the graph, and their reduced costs tell the solver which of them can
still win (benchmarks/encodings.py); where copies share inputs, a search cuts all their hulls at
once (`surrogate.solving.spatial`). Where there are too many, or they cannot be enumerated,
`surrogate.solve` does not need them: it searches with hulls that it finds by pricing
(`surrogate.decomposition`), and big-M is how the solution is written down
(benchmarks/higher_dimension.py). With many inputs that no longer pays, and tight bounds do. How
many copies of the net a model holds changes none of this: the work here is done once for all
copies.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from surrogate.bounds import Bounds, compute_bounds
from surrogate.box import Box
from surrogate.constraints import LinearConstraints
from surrogate.encodings.regions import linear_regions
from surrogate.encodings.table import ENCODINGS
from surrogate.errors import EmbeddingError
from surrogate.network import Network
from surrogate.regions import MAX_INPUTS
from surrogate.solving.decomposing import MOST_INPUTS

# To measure again: benchmarks/public_nets.py
FEW_CORNERS = 20_000
SEARCHED_SECONDS = 5.0  # for lp bounds, where `surrogate.decomposition` does the search
MILP_NEURONS = 60
MILP_SECONDS = 10.0
LP_SECONDS = 20.0


@dataclass(frozen=True)
class Chosen:
    """An encoding's name, bounds for it, and why."""

    encoding: str
    bounds: Bounds
    reason: str


@lru_cache(maxsize=64)  # copies of one net share what was found, and do not try in vain again
def choose(
    net: Network,
    box: Box,
    encoding: str,
    bounds: Bounds | None = None,
    rows: LinearConstraints | None = None,
) -> Chosen:
    """The encoding that is asked for, or the one to take for `net` on `box`, with its bounds.

    bounds   bounds to use; None computes those that suit the encoding
    rows     what the inputs obey beside the box, for bounds that are computed here
    """
    if encoding != "auto":
        if bounds is None:
            bounds = compute_bounds(net, box, ENCODINGS[encoding].method, constraints=rows)
        return Chosen(encoding, bounds, "asked for")
    varying = box.n_varying
    inputs = "1 input varies" if varying == 1 else f"{varying} inputs vary"
    constraints = rows if bounds is None else bounds.constraints
    why = "too many for linear regions"
    if varying <= MAX_INPUTS:
        try:
            found = linear_regions(net, box, constraints, FEW_CORNERS)
        except EmbeddingError:
            why = f"and linear regions would have more than {FEW_CORNERS} corners"
        else:
            if bounds is None:
                bounds = compute_bounds(net, box, "crown", constraints=rows)
            reason = f"{inputs}, and there are only {len(found)} linear regions"
            return Chosen("regions", bounds, reason)
    bounds = _tight(net, box, rows) if bounds is None else bounds
    left = f"{bounds.method} bounds leave {bounds.counts().unstable} neurons unstable"
    return Chosen("bigm", bounds, f"{inputs}, {why}; {left}")


def _tight(net: Network, box: Box, rows: LinearConstraints | None) -> Bounds:
    """`milp` bounds where they pay and their time is short, else `lp` bounds, as time allows."""
    if box.n_varying <= MOST_INPUTS:
        return compute_bounds(net, box, "lp", constraints=rows, time_limit=SEARCHED_SECONDS)
    if compute_bounds(net, box, "crown", constraints=rows).counts().unstable <= MILP_NEURONS:
        return compute_bounds(net, box, "milp", constraints=rows, time_limit=MILP_SECONDS)
    return compute_bounds(net, box, "lp", constraints=rows, time_limit=LP_SECONDS)
