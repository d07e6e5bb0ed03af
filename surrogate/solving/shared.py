"""Which copies of networks have inputs in common: the axes along which a spatial search cuts.

Rows `a == b` make two variables one axis. A cut across an axis cuts the box of every copy that has
it as an input.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from surrogate.box import FloatArray
from surrogate.programs import Program
from surrogate.programs.program import BoolArray, IntArray
from surrogate.solving.hints import Choice, Surface, choice_columns
from surrogate.solving.translating import Translation


@dataclass(frozen=True, eq=False)
class Copy:
    """A network in the program, by its linear regions.

    axes              (d,): the axis of each input
    inputs, outputs   their columns
    weights, group    the columns of the corners' weights, and the region of each
    lower, upper      (regions, d): the box around each region
    """

    surface: Surface
    axes: IntArray
    inputs: IntArray
    outputs: IntArray
    weights: IntArray
    group: IntArray
    lower: FloatArray
    upper: FloatArray

    def touching(self, lower: FloatArray, upper: FloatArray) -> BoolArray:
        """The regions that a box of axes may touch."""
        low, up = lower[self.axes], upper[self.axes]
        return np.asarray(((self.lower <= up) & (self.upper >= low)).all(axis=1), dtype=np.bool_)


@dataclass(frozen=True, eq=False)
class Shared:
    """A program whose integers, but for those of `own`, say which linear region each copy uses.

    copies    every network in it
    columns   those of no network's inside: what the model's own rows are about
    own       the integer columns among them
    rows      the number of the model's own rows, which come first
    axes      for each axis, the columns that are equal to it
    """

    program: Program
    copies: tuple[Copy, ...]
    columns: IntArray
    own: IntArray
    rows: int
    axes: tuple[IntArray, ...]


def shared_inputs(
    translation: Translation, choices: Sequence[Choice], places: Mapping[int, int]
) -> Shared | None:
    """The program, where all its networks are choices of linear regions and some share an input.

    None also when a row of the model's own, or the objective, looks inside a network.
    """
    program, n_rows = translation.program, translation.own_rows
    outside = _outside(translation, choices, places)
    if outside is None:
        return None
    label = _equal(program, n_rows)
    copies, axis_of = [], dict[int, int]()
    for choice in choices:
        copy = _copy(choice, places, label, axis_of)
        if copy is None:
            return None
        copies.append(copy)
    axes = tuple(np.flatnonzero(label == one) for one in axis_of)
    varies = [program.lower[axis].max() < program.upper[axis].min() for axis in axes]
    users = np.bincount(np.concatenate([np.unique(copy.axes) for copy in copies]))
    if not ((users > 1) & varies).any():
        return None
    columns = np.flatnonzero(outside)
    return Shared(program, tuple(copies), columns, columns[program.integer[columns]], n_rows, axes)


def _outside(
    translation: Translation, choices: Sequence[Choice], places: Mapping[int, int]
) -> BoolArray | None:
    """The columns that are in no network, and the networks' inputs and outputs."""
    program, n_rows = translation.program, translation.own_rows
    outside, used = np.ones(program.n_columns, dtype=bool), program.cost != 0.0
    outside[program.matrix[n_rows:].indices] = False
    used[program.matrix[:n_rows].indices] = True
    for choice in choices:
        if choice.surface is None:
            return None
        graph = choice.surface.graph
        ports = [places.get(id(variable), -1) for variable in (*graph.inputs, *graph.outputs)]
        if min(ports) < 0:
            return None
        outside[ports] = True
    return None if (used & ~outside).any() else outside


def _equal(program: Program, n_rows: int) -> IntArray:
    """For each column a number that columns tied by rows a == b have in common."""
    matrix = program.matrix
    two = np.diff(matrix.indptr[: n_rows + 1]) == 2
    zero = (program.row_lower[:n_rows] == 0.0) & (program.row_upper[:n_rows] == 0.0)
    start = matrix.indptr[:-1][np.flatnonzero(two & zero)]
    start = start[matrix.data[start] == -matrix.data[start + 1]]
    ends = matrix.indices[start], matrix.indices[start + 1]
    n = program.n_columns
    tied = sparse.coo_array((np.ones(len(start)), ends), shape=(n, n))
    return np.asarray(connected_components(tied, directed=False)[1], dtype=np.intp)


def _copy(
    choice: Choice, places: Mapping[int, int], label: IntArray, axis_of: dict[int, int]
) -> Copy | None:
    """The copy, whose inputs become axes where they are none yet."""
    found, surface = choice_columns(choice, places), choice.surface
    if found is None or surface is None:
        return None
    weights, group = found
    inputs, outputs = (
        np.array([places[id(variable)] for variable in variables])
        for variables in (surface.graph.inputs, surface.graph.outputs)
    )
    axes = [axis_of.setdefault(one, len(axis_of)) for one in label[inputs].tolist()]
    shape = (group.max() + 1, len(inputs))
    lower, upper = np.full(shape, np.inf), np.full(shape, -np.inf)
    np.minimum.at(lower, group, surface.points)
    np.maximum.at(upper, group, surface.points)
    return Copy(surface, np.array(axes), inputs, outputs, weights, group, lower, upper)
