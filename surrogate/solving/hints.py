"""`SolverHints`: what a formulation knows that helps the solver, left on its Pyomo block.

`solve` looks for the attribute `solver_hints` on every active block of the model. Without it, or
with another solver, the model is the same; only the search is slower.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from surrogate.bounds import Bounds
from surrogate.box import FloatArray
from surrogate.network import Network
from surrogate.programs import Option
from surrogate.programs.program import IntArray
from surrogate.solving.known import KnownRows
from surrogate.solving.starting import Pattern

ATTRIBUTE = "solver_hints"


@dataclass(frozen=True, eq=False)
class Choice:
    """Nonnegative variables in groups, of which each feasible point uses one: the rest are 0.

    variables   Pyomo variables with bounds (0, inf), whose sum is 1 at every feasible point
    group       shape (len(variables),): the number of each variable's group, ascending from 0
    binaries    the variables that make it a choice: it is none where one of them is relaxed
    surface     where the variables are the weights of corners of a network's linear regions: which

    So the weights of the corners of linear regions: a region is a group.
    """

    variables: tuple[Any, ...]
    group: IntArray
    binaries: tuple[Any, ...] = ()
    surface: Surface | None = None

    def holds(self) -> bool:
        """Whether all its binaries still are, or are fixed."""
        return all(binary.is_binary() or binary.fixed for binary in self.binaries)


@dataclass(frozen=True, eq=False)
class Graph:
    """A formulation that says y = net(x), and nothing else, as long as its rows are untouched.

    inputs, outputs   Pyomo variables, in the network's order
    binaries          the variables that make it exact: a relaxed one makes it a relaxation
    confined          whether rows tie the inputs to each other, as the hull of data does
    """

    net: Network
    bounds: Bounds
    inputs: tuple[Any, ...]
    outputs: tuple[Any, ...]
    binaries: tuple[Any, ...]
    confined: bool = False

    def holds(self) -> bool:
        """Whether all its binaries still are, and may be 0 and 1."""
        return all(
            binary.is_binary() and not binary.fixed and binary.bounds == (0, 1)
            for binary in self.binaries
        )


@dataclass(frozen=True, eq=False)
class Piece:
    """The convex hull of a network's graph above a box.

    x, y        (n, d) and (n, m): its corners
    n_regions   the linear regions in the box
    """

    x: FloatArray
    y: FloatArray
    n_regions: int


@dataclass(frozen=True, eq=False)
class Surface:
    """The graph of a network, of which a choice's groups are the linear regions.

    graph    the network, and the variables that are its inputs and outputs
    points   (n, d): the corner that each variable of the choice is the weight of
    within   from the lower and upper ends (d,) of a box in the network's: what is above it, or None
             where the inputs' own constraints leave nothing of it
    """

    graph: Graph
    points: FloatArray
    within: Callable[[FloatArray, FloatArray], Piece | None]


@dataclass(frozen=True, eq=False)
class SolverHints:
    """What a formulation knows: HiGHS options that suit it, its choices, the rows that it wrote,
    its binaries as a function of the inputs, and the network that it stands for.
    """

    options: Mapping[str, Option] = field(default_factory=dict)
    choices: tuple[Choice, ...] = ()
    known: tuple[KnownRows, ...] = ()
    patterns: tuple[Pattern, ...] = ()
    graphs: tuple[Graph, ...] = ()


def hints_in(model: Any) -> SolverHints:
    """The hints of all active blocks of a model; of the known rows, those nobody touched.

    A formulation whose rows were touched, or whose binaries were relaxed, makes no choices.

    Options that two blocks want differently are left as they are in HiGHS: what suits one
    formulation may not suit the other.
    """
    options: dict[str, Option] = {}
    disputed: set[str] = set()
    found = [
        hints
        for block in model.block_data_objects(active=True)
        if isinstance(hints := getattr(block, ATTRIBUTE, None), SolverHints)
    ]
    whole = model.model()
    known = [[rows for rows in hints.known if rows.untouched(whole)] for hints in found]
    intact = [h for h, rows in zip(found, known, strict=True) if len(rows) == len(h.known)]
    for hints in found:
        for name in {name for other in found for name in other.options}:
            value = hints.options.get(name)
            if value is None or options.setdefault(name, value) != value:
                disputed.add(name)
    return SolverHints(
        options={name: v for name, v in options.items() if name not in disputed},
        choices=tuple(c for hints in intact for c in hints.choices if c.holds()),
        known=tuple(rows for some in known for rows in some),
        patterns=tuple(pattern for hints in found for pattern in hints.patterns),
        graphs=tuple(graph for hints in intact for graph in hints.graphs if graph.holds()),
    )


def choice_columns(choice: Choice, places: Mapping[int, int]) -> tuple[IntArray, IntArray] | None:
    """The columns of a choice's variables and their groups; None when one is fixed or missing."""
    columns = [places.get(id(variable), -1) for variable in choice.variables]
    if min(columns, default=-1) < 0:
        return None
    return np.array(columns), np.asarray(choice.group)
