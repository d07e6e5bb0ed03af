"""What `strengthen` learned of a network, and what that spares the next model.

    python benchmarks/reuse.py

For every net with five inputs in models/higher/ and each data seed of the linked problem
(surrogate.problems.linked, three copies), `strengthen` runs on the model

    cold       when nothing is known of the network,
    again      built once more, after that: its own cells and points are there,
    other      cold, then after the models of all the other seeds: other rows and weights,
    compiled   from the file that `surrogate compile` leaves beside the net: it knows of no model.

Each is the least of `--repeats` runs that begin from nothing, so that a slow spell hits no column
alone. What a cold model costs that is not learning (reading it, one linear program) is inside all.
Reading the file is not: `load` does it, once.
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from comparing import machine, progress
from linked_runs import MODELS

from surrogate.cells import forget_trees, known_tree, load_tree, save_tree
from surrogate.compiling import compile_network
from surrogate.network import Network
from surrogate.onnx_files import load
from surrogate.problems import linked_problem
from surrogate.report import Table, print_table
from surrogate.report.table import digits
from surrogate.solving import Strengthening, strengthen

NETS = ("mixed5-1x24", "mixed5-2x12", "mixed5-3x8", "mixed5-2x24", "mixed5-3x16")
COPIES = 3


@dataclass(frozen=True)
class Times:
    """Seconds of one net and one data seed."""

    net: str
    seed: int
    cold: float
    again: float
    other: float
    compiled: float


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
    times = [
        one
        for name in args.nets
        for one in times_of(name, args.data_seeds, args.repeats, args.seconds)
    ]
    print_table(times_table(times))
    print_table(ratios_table(times))
    print(machine(["surrogate", "highspy", "numpy"]))


def times_of(name: str, seeds: Sequence[int], repeats: int, seconds: float) -> list[Times]:
    """All four figures of a net, for each seed."""
    net = load(MODELS / "higher" / f"{name}.onnx")
    strengthened(net, seeds[0])  # bounds are kept: the first model does not pay for all
    with TemporaryDirectory() as folder:
        kept = Path(folder) / "kept.npz"
        forget_trees()
        compile_network(net, time_limit=seconds)
        save_tree(known_tree(net, net.domain()), kept)
        found = []
        for seed in seeds:
            runs = [_once(net, seed, seeds, kept) for _ in range(repeats)]
            found.append(Times(name, seed, *(min(figures) for figures in zip(*runs, strict=True))))
            progress(str(found[-1]))
    return found


def _once(net: Network, seed: int, seeds: Sequence[int], kept: Path) -> tuple[float, ...]:
    forget_trees()
    cold = strengthened(net, seed)
    again = strengthened(net, seed)
    forget_trees()
    for another in seeds:
        if another != seed:
            strengthened(net, another)
    other = strengthened(net, seed)
    forget_trees()
    load_tree(kept, net)
    compiled = strengthened(net, seed)
    return tuple(done.seconds for done in (cold, again, other, compiled))


def strengthened(net: Network, seed: int) -> Strengthening:
    """`strengthen` on a model of its own."""
    return strengthen(linked_problem(net, COPIES, seed).model)


def times_table(times: Sequence[Times]) -> Table:
    """Seconds, and how many times less."""
    rows = tuple(
        (
            one.net,
            str(one.seed),
            digits(one.cold),
            *(f"{digits(s)} ({one.cold / s:.1f}x)" for s in (one.again, one.other, one.compiled)),
        )
        for one in times
    )
    columns = ("net", "data seed", "cold", "the same again", "after others", "compiled before")
    return Table("strengthen, s (how many times less than cold)", columns, rows, (), keys=2)


def ratios_table(times: Sequence[Times]) -> Table:
    """The ratios over all instances."""
    kinds = {"the same again": "again", "after others": "other", "compiled before": "compiled"}
    rows = []
    for label, field in kinds.items():
        ratios = [one.cold / getattr(one, field) for one in times]
        mean = statistics.geometric_mean(ratios)
        rows.append((label, f"{mean:.1f}", f"{min(ratios):.1f}", f"{max(ratios):.1f}"))
    columns = ("", "geometric mean", "least", "largest")
    return Table("Cold, in multiples of", columns, tuple(rows), (), keys=1)


if __name__ == "__main__":
    main()
