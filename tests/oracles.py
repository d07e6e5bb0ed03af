"""Oracles without a solver: the exact range of a small net by cutting its box into linear regions.

On each region the net is affine, so that its extremes are at the regions' corners. One input: the
regions are intervals. Two inputs: convex polygons, cut by each neuron's line in turn.
"""

from itertools import pairwise, product

import numpy as np


def range_of(net, box, output=0):
    """Smallest and largest value of one output over the box, for nets of one or two inputs."""
    corners = np.concatenate(regions(net, box))
    values = net(corners)[:, output]
    return values.min(), values.max()


def regions(net, box):
    """The corners of every linear region: arrays of shape (corners, d)."""
    pieces = [_whole(box)]
    for k in range(len(net.weights) - 1):
        for j in range(net.weights[k].shape[1]):
            pieces = [part for piece in pieces for part in _cut(piece, net, k, j)]
    return pieces


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
