"""`strengthen` with one process and with several, side by side.

    python benchmarks/workers.py

Two and four copies of the net with ten inputs of models/higher/ (surrogate.problems.linked) for two
data seeds each, and three copies of one with five inputs, where pricing is too short to be shared.
Every figure is the least of `--repeats` runs that begin from nothing, one process and several in
turn. Give it as many free cores as `--workers`; the server that starts processes is started before.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass

from comparing import machine, progress
from linked_runs import MODELS

from surrogate.cells import forget_trees
from surrogate.network import Network
from surrogate.onnx_files import load
from surrogate.problems import linked_problem
from surrogate.report import Table, print_table
from surrogate.report.table import digits
from surrogate.solving import strengthen


@dataclass(frozen=True)
class Case:
    """So many copies of a net, and the seed of the rows."""

    net: str
    copies: int
    seed: int


CASES = (
    *(Case("mixed10-2x32", copies, seed) for copies in (2, 4) for seed in (0, 2)),
    Case("mixed5-2x24", 3, 0),
)
LIMIT = 120.0  # seconds, which none of them needs


def main() -> None:
    """Measure, and print seconds and ratios."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--workers", type=int, default=2, metavar="N")
    parser.add_argument("--repeats", type=int, default=1, metavar="N")
    parser.add_argument("--quick", action="store_true", help="the last case alone: a trial run")
    args = parser.parse_args()
    rows = []
    for case in CASES[-1:] if args.quick else CASES:
        net = load(MODELS / "higher" / f"{case.net}.onnx")
        seconds(net, case, args.workers)  # bounds are kept, and the server of processes stays
        runs = [
            (seconds(net, case, 1), seconds(net, case, args.workers)) for _ in range(args.repeats)
        ]
        one, several = (min(column) for column in zip(*runs, strict=True))
        what = (case.net, str(case.copies), str(case.seed))
        rows.append((*what, digits(one), digits(several), f"{one / several:.2f}x"))
        progress(str(rows[-1]))
    columns = ("net", "copies", "data seed", "one process, s", f"{args.workers}, s", "less")
    print_table(Table("strengthen in several processes", columns, tuple(rows), (), keys=3))
    print(machine(["surrogate", "highspy", "numpy"]))


def seconds(net: Network, case: Case, workers: int) -> float:
    """How long `strengthen` takes when nothing is known of the net."""
    forget_trees()
    model = linked_problem(net, case.copies, case.seed).model
    return strengthen(model, LIMIT, workers=workers).seconds


if __name__ == "__main__":
    main()
