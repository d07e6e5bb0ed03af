"""`auto`: the encoding, and the bounds, that what is cheap to compute speaks for.

    at most 3 inputs vary, and the linear regions can be enumerated    regions
    at most 3 inputs vary, but there are too many                      cells
    more inputs vary, at most 60 neurons are unstable                 bigm with milp bounds
    more inputs vary, more neurons are unstable                        bigm with lp bounds

Regions are the convex hull of the graph, and their reduced costs tell the solver which of them can
still win; nothing else measured comes near (benchmarks/encodings.py). Where they cannot be had,
tight bounds pay most. How many copies of the net a model holds changes none of this: the work here
is done once for all copies.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from surrogate.bounds import Bounds, compute_bounds
from surrogate.box import Box
from surrogate.encodings.regions import linear_regions
from surrogate.encodings.table import ENCODINGS
from surrogate.errors import EmbeddingError
from surrogate.network import Network
from surrogate.regions import MAX_INPUTS

# To measure again: benchmarks/public_nets.py
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
def choose(net: Network, box: Box, encoding: str, bounds: Bounds | None = None) -> Chosen:
    """The encoding that is asked for, or the one to take for `net` on `box`, with its bounds.

    bounds   bounds to use; None computes those that suit the encoding
    """
    if encoding != "auto":
        bounds = compute_bounds(net, box, ENCODINGS[encoding].method) if bounds is None else bounds
        return Chosen(encoding, bounds, "asked for")
    varying = box.n_varying
    inputs = "1 input varies" if varying == 1 else f"{varying} inputs vary"
    if varying > MAX_INPUTS:
        bounds = _tight(net, box) if bounds is None else bounds
        left = f"{bounds.method} bounds leave {bounds.counts().unstable} neurons unstable"
        return Chosen("bigm", bounds, f"{inputs}, too many for linear regions; {left}")
    constraints = None if bounds is None else bounds.constraints
    try:
        regions = linear_regions(net, box, constraints)
    except EmbeddingError as error:
        bounds = _tight(net, box) if bounds is None else bounds
        return Chosen("cells", bounds, f"{inputs}, but {error}")
    bounds = compute_bounds(net, box, "crown") if bounds is None else bounds
    return Chosen("regions", bounds, f"{inputs}, and there are only {len(regions)} linear regions")


def _tight(net: Network, box: Box) -> Bounds:
    """`milp` bounds where their time is short, else `lp` bounds; what the time allows of either."""
    if compute_bounds(net, box, "crown").counts().unstable <= MILP_NEURONS:
        return compute_bounds(net, box, "milp", time_limit=MILP_SECONDS)
    return compute_bounds(net, box, "lp", time_limit=LP_SECONDS)
