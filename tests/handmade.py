"""Nets for xy on [-1, 1]^2 with hand-built weights: what 24 hidden neurons allow, untrained.

With s = (x + y)/2 and r = (x - y)/2, xy = s^2 - r^2. Each parabola is interpolated at points h
apart, and moved down by h^2/6, by which its chords are too high on average. Layers fold the line,
so that each neuron makes kinks in many pieces at once. Let t count steps of h along a piece. The
next layer cuts it into k pieces of n steps, and t' is the zigzag that goes from 0 to n and back on
them. Around each e where it is 0 (an even multiple of n, from where the zigzag starts)

    t^2 = D(t) + t'^2,     D(t) = 2 e t - e^2

where D is continuous, and has its kinks in the other corners of the zigzag: t' and D are weighted
sums of the same k ReLUs. On a piece of one step the chord of t^2 is t, and nothing is left to do.

What is found of s^2 - r^2 so far goes on in one more neuron, the carry, which its bias keeps
active. It holds any multiple of t as well, so that the zigzag can start after one flat step:

    p = k_1 n_1 + 1,     n_(l-1) = k_l n_l + 1,     n_L = 1,     h = 2/p

for the p pieces of [-1, 1] that k_l neurons in layer l make. In the first layer, half of the
neurons look left of the flat middle piece and half look right. Where k_1 is odd, or a layer has
no carry (all that is found is linear in t), the first neuron is active everywhere instead and
gives the slope; there is no flat step then, and no + 1. With k_l = 0 a direction is finished.

Source: D. Yarotsky, Error bounds for approximations with deep ReLU networks, Neural Networks 94,
2017 (two pieces per layer, without flat steps).
"""

from dataclasses import dataclass

import numpy as np
from scipy.linalg import block_diag

from surrogate.box import Box
from surrogate.layouts import layout_widths
from surrogate.network import Network

# For each layer the neurons that fold s, and those that fold r: the best of all such lists.
FOLDS = {
    "1x24": ((12,), (12,)),
    "2x12": ((6, 5), (6, 6)),
    "3x8": ((4, 3, 4), (4, 4, 3)),
    "4x6": ((3, 3, 2, 2), (3, 2, 3, 3)),
    "6x4": ((2, 2, 2, 1, 1, 2), (2, 2, 1, 2, 2, 1)),
    "8x3": ((2, 2, 1, 1, 1, 0, 0, 0), (1, 1, 1, 1, 1, 2, 2, 2)),
}

# Up to where the points are h apart; the last pieces then go on to -1 and 1. Few x and y are
# there, and the best place, found by trying, lowers the MAE of 1x24 from 1.97e-3 to 1.72e-3. It
# raises the largest error, and deep nets gain less, so that theirs is 1; an odd k_1 needs 1.
REACH = {"1x24": 0.9085}

SIGNS = (1.0, -1.0)  # of s^2 and r^2
LIFT = 2.0  # what is found of xy stays between -2 and 2: with this, the carry is active


@dataclass(frozen=True)
class Parabola:
    """The pieces of s^2 or r^2.

    folds    k_l, the neurons of each layer
    carried  for each layer, whether it has a carry
    reach    the points that are h apart go from -reach to reach
    """

    folds: tuple[int, ...]
    carried: tuple[bool, ...]
    reach: float = 1.0

    @property
    def steps(self):
        """n_l: the length of a piece after each layer, in steps."""
        steps = [1]
        for k, carry in zip(self.folds[:0:-1], self.carried[:0:-1], strict=True):
            steps.append(k * steps[-1] + carry if k else 1)
        return steps[::-1]

    @property
    def two_sided(self):
        """Whether the first layer looks left and right of a flat middle piece."""
        return self.folds[0] % 2 == 0

    @property
    def pieces(self):
        """p: the pieces of [-1, 1]."""
        return self.folds[0] * self.steps[0] + self.two_sided

    @property
    def h(self):
        """The length of a step."""
        return 2 * self.reach / self.pieces

    @property
    def knots(self):
        """The ends of the pieces, shape (p + 1,)."""
        inner = self.h * np.arange(1, self.pieces) - self.reach
        return np.concatenate([[-1.0], inner, [1.0]])

    def entry(self, direction):
        """t before the first layer, counted from the middle or from -1, as a form in (x, y, 1)."""
        return np.append(direction, 0.0 if self.two_sided else 1.0) / self.h

    def constant(self):
        """What is left of s^2 / h^2 when t is 0, less the mean height of the chords."""
        return (1 / 4 if self.two_sided else 1 / self.h**2) - 1 / 6

    def cut(self, layer, t):
        """The ReLUs of one layer, and their weights in t' and in D.

        t  a form: coefficients of the layer before, the constant last; so is each ReLU, a row
        """
        k, n, carry = self.folds[layer], self.steps[layer], self.carried[layer]
        if layer == 0 and self.two_sided:
            corner, side = np.divmod(np.arange(k), 2)
            rows = np.outer(1 - 2 * side, t)
            rows[:, -1] -= 1 / 2 + corner * n
        else:
            corner = np.arange(k)
            rows = np.tile(t, (k, 1))
            rows[:, -1] -= carry + corner * n
        slope = 1 if carry or self.two_sided else -self.pieces
        zigzag = np.where(corner == 0, 1, 2 * (-1) ** corner)
        kinks = np.where(corner == 0, slope, 4 * n * (corner % 2))
        return rows, zigzag, kinks


def parabolas(layout):
    """The pieces of s^2 and of r^2 in the net of a layout."""
    widths = layout_widths(layout)
    carried = tuple(k + q < w for k, q, w in zip(*FOLDS[layout], widths, strict=True))
    return [Parabola(folds, carried, REACH.get(layout, 1.0)) for folds in FOLDS[layout]]


def handmade(layout):
    """The net of a layout, one of `FOLDS`."""
    both = parabolas(layout)
    scales = np.array([sign * p.h**2 for sign, p in zip(SIGNS, both, strict=True)])
    # Forms in the layer before, the constant last: t of s and of r, and what is found so far.
    t = np.array([p.entry((0.5, sign / 2)) for sign, p in zip(SIGNS, both, strict=True)])
    found, lifted = np.zeros(3), 0.0
    weights, biases = [], []
    for layer, carried in enumerate(both[0].carried):
        (rows_s, zigzag_s, kinks_s), (rows_r, zigzag_r, kinks_r) = (
            p.cut(layer, form) for p, form in zip(both, t, strict=True)
        )
        rows = np.vstack([rows_s, rows_r])
        if carried:
            carry = found + scales @ t
            carry[-1] += LIFT - lifted
            rows, lifted = np.vstack([rows, carry]), LIFT
        weights.append(rows[:, :-1].T)
        biases.append(rows[:, -1])
        rest = [1.0, 0.0] if carried else [0.0]
        t = np.pad(block_diag(zigzag_s, zigzag_r), ((0, 0), (0, len(rest))))
        found = np.concatenate([scales[0] * kinks_s, scales[1] * kinks_r, rest])
    output = found + scales @ t
    output[-1] += scales @ [p.constant() for p in both] - lifted
    return Network((*weights, output[:-1, None]), (*biases, output[-1:]), Box.of([(-1, 1)] * 2))
