"""`Problem`: an optimization model around surrogates, and how its decisions are judged.

A problem says which functions are to be learned (one network each), how a Pyomo model uses any
number of copies of each, and what a decision is worth under the truth. What a surrogate costs the
decision is its regret: how far the repaired decision stays behind the known optimum.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import pyomo.environ as pyo

from surrogate.bounds import Bounds, compute_bounds
from surrogate.conventions import Sense
from surrogate.datasets import Dataset
from surrogate.embedding import Embedding, embed
from surrogate.errors import InputError
from surrogate.functions import Function
from surrogate.network import Network, check_network
from surrogate.problems.evaluating import (
    Evaluation,
    Held,
    Truth,
    best_of_the_rest,
    claimed_objective,
    free_in_objective,
    under_the_truth,
    violation,
)
from surrogate.solving import Solution, Status


class Surrogate:
    """One trained network, ready to be embedded as often as a model wants.

    network     the network
    encoding    of every copy, as in `embed`
    bounds      as in `embed`; a method's name is computed once for all copies, where the network
                has a box
    validity    "box", or another validity domain that `embed` knows
    embeddings  the copies, in the order of the calls

    A call is `embed` without the handle: `surrogate(block, inputs)` gives the outputs' variables.
    """

    def __init__(
        self,
        network: Network,
        encoding: str = "auto",
        bounds: Bounds | str | None = None,
        validity: str = "box",
    ) -> None:
        check_network(network)
        if isinstance(bounds, str) and network.box is not None:
            bounds = compute_bounds(network, network.box, bounds)
        self.network = network
        self.encoding = encoding
        self.bounds = bounds
        self.validity = validity
        self.embeddings: list[Embedding] = []

    def embed(self, block: Any, inputs: Any, outputs: Any | None = None) -> Embedding:
        """Embed a copy in `block`: see `surrogate.embed`, whose errors it raises."""
        validity = {} if self.validity == "box" else {"validity": self.validity}
        options: dict[str, Any] = {"encoding": self.encoding, "bounds": self.bounds, **validity}
        embedding = embed(block, self.network, inputs, outputs, **options)
        self.embeddings.append(embedding)
        return embedding

    def __call__(self, block: Any, inputs: Any) -> tuple[Any, ...]:
        """Embed a copy in `block` and return its outputs, one Pyomo variable each."""
        return self.embed(block, inputs).outputs


@dataclass(frozen=True, eq=False)
class Built:
    """A model, ready to solve, and the surrogates in it, one per function of the problem."""

    model: pyo.ConcreteModel
    surrogates: tuple[Surrogate, ...]

    @property
    def embeddings(self) -> tuple[Embedding, ...]:
        """Every copy of every network in the model."""
        return tuple(copy for surrogate in self.surrogates for copy in surrogate.embeddings)


@dataclass(frozen=True, eq=False, kw_only=True)
class Problem(ABC):
    """An optimization problem that uses surrogates.

    name        what a study calls it
    title       what a reader sees
    sense       "minimize" or "maximize"
    functions   one network is to be trained of each; none where only a table is known
    table       the samples to train on where there is no function
    optimum     of the true problem, None where it is not known
    source      where the optimum is from
    scale       what a regret is relative to: |optimum|, or the width of the objective's range where
                the optimum may be 0
    validity    the validity domain that `build` uses when none is asked for
    """

    name: str
    title: str
    sense: Sense
    functions: tuple[Function, ...] = ()
    table: Dataset | None = field(default=None, repr=False)
    optimum: float | None = None
    source: str = ""
    scale: float | None = None
    validity: str = "box"

    @abstractmethod
    def write(self, *surrogates: Surrogate) -> pyo.ConcreteModel:
        """The model, with one active objective of the problem's sense, around the surrogates."""

    @property
    def truths(self) -> tuple[Truth, ...]:
        """What each network imitates; empty where the truth is not known."""
        return self.functions

    @property
    def n_surrogates(self) -> int:
        """How many networks `build` takes."""
        return max(1, len(self.functions))

    def build(
        self,
        *networks: Network,
        encoding: str = "auto",
        bounds: Bounds | str | None = None,
        validity: str | None = None,
    ) -> Built:
        """The model with one network per function; all copies share encoding, bounds and validity.

        validity   None is the problem's own

        Raises `InputError` for another number of networks, or of their inputs and outputs, and
        what `embed` raises.
        """
        if len(networks) != self.n_surrogates:
            raise InputError(
                f"problem {self.name!r} takes {self.n_surrogates} networks, one per function, and "
                f"got {len(networks)}"
            )
        for network, function in zip(networks, self.functions, strict=False):
            check_shape(network, function.name, function.box.n_inputs, 1)
        valid = self.validity if validity is None else validity
        surrogates = tuple(Surrogate(network, encoding, bounds, valid) for network in networks)
        return Built(self.write(*surrogates), surrogates)

    def evaluate(self, built: Built) -> Evaluation:
        """What the solution in the model is worth under the truth: see `Evaluation`.

        The model and its values are left as they are.

        Raises `InputError` when there is no solution in the model, and when the truth is no finite
        number there, naming the point.
        """
        claimed = claimed_objective(built.model)
        if not self.truths:
            return Evaluation(claimed)
        pairs = [
            (embedding, truth)
            for surrogate, truth in zip(built.surrogates, self.truths, strict=True)
            for embedding in surrogate.embeddings
        ]
        with under_the_truth(pairs) as held:
            return Evaluation(
                claimed=claimed,
                true=claimed_objective(built.model),
                violation=violation(built.model),
                repaired=self.repair(built, held),
                errors=_errors(built, held),
            )

    def repair(self, built: Built, held: Sequence[Held]) -> float | None:
        """The objective of a truly feasible decision near the one in the model; None without one.

        `evaluate` calls it while the outputs have their true values and the networks are left out
        of the model, whose values it must not change.
        """
        return best_of_the_rest(built.model, held)

    def check_bounded(self, built: Built, solution: Solution) -> None:
        """Refuse a model whose solve ended unbounded, naming the variables to bound.

        Raises `InputError`; other ends of a solve are results.
        """
        if solution.status in (Status.UNBOUNDED, Status.INFEASIBLE_OR_UNBOUNDED):
            outputs = {id(y) for copy in built.embeddings for y in copy.outputs}
            names = [v.name for v in free_in_objective(built.model) if id(v) not in outputs]
            listed = f"variables {', '.join(names)}" if names else "variables of the objective"
            raise InputError(
                f"the solve of {self.name!r} ended {solution.status}: the objective improves "
                f"without end, or no point is feasible; give the {listed} finite bounds"
            )

    def regret(self, evaluation: Evaluation) -> float | None:
        """How far the repaired decision stays behind the optimum: 0.02 is 2 % of `scale`.

        Not below 0 but for rounding. None where optimum, scale or repaired objective is unknown.
        """
        if evaluation.repaired is None or self.optimum is None or self.scale is None:
            return None
        behind = evaluation.repaired - self.optimum
        return (behind if self.sense == "minimize" else -behind) / self.scale


def _errors(built: Built, held: Sequence[Held]) -> tuple[float, ...]:
    """Of every surrogate, the largest |net - truth| over its copies, which `held` has in order."""
    copies = iter(held)
    return tuple(
        max((copy.error for copy in islice(copies, len(surrogate.embeddings))), default=0.0)
        for surrogate in built.surrogates
    )


def check_shape(network: Network, what: str, n_inputs: int, n_outputs: int) -> None:
    """Refuse a network with other numbers of inputs and outputs than `what` has."""
    check_network(network)
    if (network.n_inputs, network.n_outputs) != (n_inputs, n_outputs):
        raise InputError(
            f"the network for {what} has {network.n_inputs} inputs and {network.n_outputs} "
            f"outputs, not {n_inputs} and {n_outputs}; train it on samples of {what}"
        )
