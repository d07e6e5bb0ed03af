"""`Encoded`: a network as columns and rows, with what the solver and the audit need to know."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from surrogate.box import FloatArray
from surrogate.programs import Builder, Option
from surrogate.programs.program import IntArray
from surrogate.solving.hints import Piece

Pattern = Callable[[FloatArray], FloatArray]


@dataclass(frozen=True, eq=False)
class Corners:
    """Weights of the corners of linear regions, of which each point uses those of one region.

    columns   the weights
    group     the number of each one's region, ascending from 0
    points    (n, d): their corners
    within    see `surrogate.solving.hints.Surface`
    """

    columns: IntArray
    group: IntArray
    points: FloatArray
    within: Callable[[FloatArray, FloatArray], Piece | None]


@dataclass(frozen=True, eq=False)
class Encoded:
    """The mathematics of one encoding of one net, ready to be written any number of times.

    builder    the columns and rows; its first two groups are `inputs` and `outputs`
    pattern    from an input x of shape (d,): the values of all integer columns, in their order, at
               which the model's outputs are net(x)
    post       per hidden layer, shape (width,): the column of z = max(0, a), or -1
    binary     per hidden layer, shape (width,): the column that is 1 when the neuron is active and
               0 when it is not, or -1
    largest_m  the largest big-M constant, 0 when there is none
    choices    what becomes a `surrogate.solving.Choice`
    options    HiGHS options that suit the encoding
    """

    builder: Builder
    pattern: Pattern
    post: tuple[IntArray, ...]
    binary: tuple[IntArray, ...]
    largest_m: float = 0.0
    choices: tuple[Corners, ...] = ()
    options: Mapping[str, Option] = field(default_factory=dict)

    def __deepcopy__(self, memo: dict[int, object]) -> Encoded:
        """Itself: it does not change, and a copied Pyomo model need not copy it."""
        return self


def largest_m(builder: Builder) -> float:
    """The largest coefficient of a binary: what a solver multiplies its tolerance by."""
    integer = np.zeros(builder.n_columns, dtype=bool)
    integer[builder.integer_columns] = True
    found = [np.abs(rows.values[integer[rows.columns]]).max(initial=0.0) for rows in builder.rows]
    return float(max(found, default=0.0))
