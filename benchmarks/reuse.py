"""What `strengthen` learned of a network, and what that spares the next model.

    python benchmarks/reuse.py

For every net with five inputs in models/higher/ and each data seed of the linked problem
(surrogate.problems.linked, three copies), `strengthen` runs on the model

    cold       when nothing is known of the network,
    again      built once more, after that: its own cells, planes and points are there,
    changed    after that, with every number of its rows, sides and objective changed by up to 10 %,
               as from one day to the next; against what that model takes cold,
    other      cold, then after the models of all the other seeds: other rows and weights,
    compiled   from the file that `surrogate compile` leaves beside the net: it knows of no model,
    both       from that file, and after the models of all the other seeds.

Each is the least of `--repeats` runs that begin from nothing, so that a slow spell hits no column
alone. What a cold model costs that is not learning (reading it, one linear program) is inside all.
Reading the file is not: `load` does it, once; a table of its own says how long it takes.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from comparing import machine, progress
from linked_runs import MODELS
from numpy.typing import ArrayLike
from pyomo.environ import quicksum

from surrogate.cells import forget_trees, known_tree, load_tree, save_tree
from surrogate.compiling import compile_network
from surrogate.network import Network
from surrogate.onnx_files import load
from surrogate.problems import LinkedProblem, linked_problem
from surrogate.report import Table, print_table
from surrogate.report.table import digits
from surrogate.solving import Strengthening, strengthen

NETS = ("mixed5-1x24", "mixed5-2x12", "mixed5-3x8", "mixed5-2x24", "mixed5-3x16")
COPIES = 3
CHANGE = 0.1
KINDS = {
    "again": "the same again",
    "changed": "the same, changed",
    "other": "after others",
    "compiled": "compiled before",
    "both": "compiled, after others",
}


@dataclass(frozen=True)
class Times:
    """Seconds of one net and one data seed, and how many times less than cold."""

    net: str
    seed: int
    cold: float
    again: float
    changed: float
    cold_changed: float
    other: float
    compiled: float
    both: float

    def ratio(self, kind: str) -> float:
        """Cold, in multiples of one of the others."""
        cold = self.cold_changed if kind == "changed" else self.cold
        return cold / float(getattr(self, kind))


@dataclass(frozen=True)
class Kept:
    """What compiling left beside a net, and the seconds that reading it takes."""

    net: str
    cells: int
    reading: float


def main() -> None:
    """Measure, and print seconds and ratios."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--nets", nargs="+", default=list(NETS), metavar="NAME")
    add("--data-seeds", nargs="+", type=int, default=list(range(6)), metavar="N")
    add("--repeats", type=int, default=3, metavar="N")
    add("--seconds", type=float, default=10.0, help="of compiling (%(default)s)")
    add("--quick", action="store_true", help="one net, two seeds, one repeat: a trial run")
    args = parser.parse_args()
    if args.quick:
        args.nets, args.data_seeds, args.repeats, args.seconds = [NETS[0]], [0, 1], 1, 0.5
    measured = [times_of(name, args.data_seeds, args.repeats, args.seconds) for name in args.nets]
    times = [one for some, _ in measured for one in some]
    print_table(times_table(times))
    print_table(files_table([kept for _, kept in measured]))
    print_table(ratios_table(times))
    print(machine(["surrogate", "highspy", "numpy"]))


def times_of(
    name: str, seeds: Sequence[int], repeats: int, seconds: float
) -> tuple[list[Times], Kept]:
    """All figures of a net, for each seed."""
    net = load(MODELS / "higher" / f"{name}.onnx")
    strengthened(net, seeds[0])  # bounds are kept: the first model does not pay for all
    with TemporaryDirectory() as folder:
        kept = Path(folder) / "kept.npz"
        forget_trees()
        compile_network(net, time_limit=seconds)
        save_tree(known_tree(net, net.domain()), kept)
        forget_trees()
        start = time.perf_counter()
        file = Kept(name, len(load_tree(kept, net)), time.perf_counter() - start)
        found = []
        for seed in seeds:
            runs = [_once(net, seed, seeds, kept) for _ in range(repeats)]
            found.append(Times(name, seed, *(min(figures) for figures in zip(*runs, strict=True))))
            progress(str(found[-1]))
    return found, file


def _once(net: Network, seed: int, seeds: Sequence[int], kept: Path) -> tuple[float, ...]:
    def after_others() -> Strengthening:
        for another in seeds:
            if another != seed:
                strengthened(net, another)
        return strengthened(net, seed)

    forget_trees()
    cold_changed = strengthened(net, seed, CHANGE)
    forget_trees()
    cold = strengthened(net, seed)
    again = strengthened(net, seed)
    forget_trees()
    strengthened(net, seed)
    changed = strengthened(net, seed, CHANGE)
    forget_trees()
    other = after_others()
    forget_trees()
    load_tree(kept, net)
    compiled = strengthened(net, seed)
    forget_trees()
    load_tree(kept, net)
    both = after_others()
    done = cold, again, changed, cold_changed, other, compiled, both
    return tuple(one.seconds for one in done)


def strengthened(net: Network, seed: int, change: float = 0.0) -> Strengthening:
    """`strengthen` on a model of its own, of which all numbers are changed by up to this share."""
    problem = linked_problem(net, COPIES, seed)
    if change:
        _change(problem, change, np.random.default_rng(seed))
    return strengthen(problem.model)


def _change(problem: LinkedProblem, share: float, rng: np.random.Generator) -> None:
    """Change every number of the model's own rows and objective."""
    model, data, x = problem.model, problem.data, list(problem.model.x.values())

    def product(values: ArrayLike, variables: Sequence[Any]) -> Any:
        return quicksum(a * variable for a, variable in zip(near(values), variables, strict=True))

    def near(values: ArrayLike) -> list[float]:
        values = np.asarray(values, dtype=float)
        return (values * (1.0 + rng.uniform(-share, share, values.shape))).tolist()

    for r, (row, limit) in enumerate(zip(data.rows, near(data.limits), strict=True)):
        model.rows[r].set_value(product(row, x) <= limit)
    (total,) = near([data.total])
    model.tie.set_value(product(data.tie, x) == total)
    outputs = [embedding.outputs[0] for embedding in problem.embeddings]
    model.objective.set_value(product(data.weights, outputs))


def times_table(times: Sequence[Times]) -> Table:
    """Seconds, and how many times less."""
    rows = tuple(
        (
            one.net,
            str(one.seed),
            digits(one.cold),
            *(f"{digits(getattr(one, kind))} ({one.ratio(kind):.1f}x)" for kind in KINDS),
        )
        for one in times
    )
    columns = ("net", "data seed", "cold", *KINDS.values())
    return Table("strengthen, s (how many times less than cold)", columns, rows, (), keys=2)


def files_table(files: Sequence[Kept]) -> Table:
    """How much was compiled, and how long it takes to read."""
    rows = tuple((file.net, str(file.cells), digits(file.reading)) for file in files)
    return Table("What was compiled", ("net", "cells", "read in, s"), rows, (), keys=1)


def ratios_table(times: Sequence[Times]) -> Table:
    """The ratios over all instances."""
    rows = []
    for kind, label in KINDS.items():
        ratios = [one.ratio(kind) for one in times]
        mean, five = statistics.geometric_mean(ratios), sum(ratio >= 5.0 for ratio in ratios)
        ends = f"{min(ratios):.1f}", f"{max(ratios):.1f}"
        rows.append((label, f"{mean:.1f}", *ends, f"{five} of {len(ratios)}"))
    columns = ("", "geometric mean", "least", "largest", "at least 5")
    return Table("Cold, in multiples of", columns, tuple(rows), (), keys=1)


if __name__ == "__main__":
    main()
