"""Oracles without our solver: a small net's range by cutting its box into linear regions.

On each region the net is affine, so that its extremes are at the regions' corners. One input: the
regions are intervals. Two inputs: convex polygons, cut by each neuron's line in turn.
"""

from itertools import pairwise, product

import numpy as np
from scipy.linalg import block_diag
from scipy.optimize import linprog

from surrogate.box import Box
from surrogate.network import Network


def range_of(net, box, output=0, constraints=None):
    """Smallest and largest value of one output over the box, for nets of one or two inputs.

    constraints   only where matrix x <= rhs
    """
    values = net(vertices(net, box, constraints))[:, output]
    return values.min(), values.max()


def regions(net, box, constraints=None):
    """The corners of every linear region: arrays of shape (corners, d)."""
    pieces = [_whole(box)]
    for row, limit in [] if constraints is None else zip(*constraints, strict=True):
        pieces = [_half(piece, limit - piece @ row) for piece in pieces]
    for k in range(len(net.weights) - 1):
        for j in range(net.weights[k].shape[1]):
            pieces = [part for piece in pieces for part in _cut(piece, net, k, j)]
    return pieces


def vertices(net, box, constraints=None):
    """The corners of all regions, each one once."""
    return np.unique(np.concatenate(regions(net, box, constraints)), axis=0)


def boundaries(net, box):
    """The middles of the edges of all regions: there a neuron switches, or the box ends."""
    pieces = regions(net, box)
    middles = [(piece + np.roll(piece, 1, axis=0)) / 2 for piece in pieces]
    return np.unique(np.concatenate(middles), axis=0)


def switches(net, start, end):
    """The points between two inputs where a neuron switches, for any number of inputs.

    On the segment x = start + t (end - start) the net has one input: t.
    """
    w, b = net.weights[0], net.biases[0]
    along = Network(((end - start)[None] @ w, *net.weights[1:]), (start @ w + b, *net.biases[1:]))
    t = vertices(along, Box.of([(0.0, 1.0)]))
    return start + t[1:-1] * (end - start)


def linked_minimum(net, copies, data):
    """The optimum of a `surrogate.problems.linked` instance, None where there is no feasible point.

    One linear program for each combination of regions, one per copy: the inputs are convex
    combinations of a region's corners, and the outputs those of the corners' outputs.
    """
    pieces = regions(net, net.box)
    best = np.inf
    for chosen in product(pieces, repeat=copies):
        x = block_diag(*(piece.T for piece in chosen))
        ones = block_diag(*(np.ones((1, len(piece))) for piece in chosen))
        cost = np.concatenate(
            [w * net(piece)[:, 0] for w, piece in zip(data.weights, chosen, strict=True)]
        )
        found = linprog(
            cost,
            data.rows @ x,
            data.limits,
            np.vstack([ones, data.tie @ x]),
            np.append(np.ones(copies), data.total),
        )
        best = min(best, np.inf if found.fun is None else found.fun)
    return None if np.isinf(best) else best


def corners_of(box):
    """The corners of a box, shape (2^d, d)."""
    return np.array(list(product(*box.pairs())))


def kinks(net, box, limit=12):
    """Points where a hidden neuron switches: corners of regions inside the box."""
    points = np.concatenate(regions(net, box))
    inside = ((points > box.lower) & (points < box.upper)).any(axis=1)
    return points[inside][:limit]


def _whole(box):
    if box.n_inputs == 1:
        return np.array([box.lower, box.upper])
    (a, b), (c, d) = box.pairs()
    return np.array([(a, c), (b, c), (b, d), (a, d)])


def _cut(piece, net, k, j):
    """The piece, or its two parts: on it, the pre-activation of neuron j in layer k is affine."""
    a = net.preactivations(piece)[k][:, j]
    if (a >= 0).all() or (a <= 0).all():
        return [piece]
    return [_half(piece, a), _half(piece, -a)]


def _half(piece, a):
    """The part with a >= 0. Consecutive corners share an edge."""
    ring = list(zip(piece, a, strict=True))
    edges = pairwise(ring) if piece.shape[1] == 1 else pairwise([*ring, ring[0]])
    points = [] if piece.shape[1] > 1 or a[0] < 0 else [piece[0]]
    for (p, a_p), (q, a_q) in edges:
        if a_p * a_q < 0:
            points.append(p + (q - p) * (a_p / (a_p - a_q)))
        if a_q >= 0:
            points.append(q)
    return np.array(points)
