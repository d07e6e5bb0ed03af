"""A campaign of linked problems: solvers x layouts x copies x seeds, and whether they agree."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from comparing import Agreement, Run, compare, described, figure, progress
from linked_solves import LinkedTask, prepare
from timing import run_fresh

from surrogate.box import FloatArray
from surrogate.onnx_files import load
from surrogate.problems import linked_data
from surrogate.report.table import Table

MODELS = Path(__file__).parent.parent / "models"


@dataclass(frozen=True)
class Campaign:
    """What is solved, and how: see `add_arguments`."""

    layouts: tuple[str, ...]
    copies: tuple[int, ...]
    seeds: int
    limit: float
    rel_gap: float
    data_seed: int
    models: Path

    def path(self, layout: str) -> Path:
        """The file of a layout's net."""
        return self.models / f"{layout}.onnx"


def add_arguments(
    parser: argparse.ArgumentParser, layouts: Sequence[str], copies: Sequence[int]
) -> None:
    """The options that the linked benchmarks share."""
    add = parser.add_argument
    add("--layouts", nargs="+", default=list(layouts), metavar="LxW", help="nets of the models")
    add("--copies", nargs="+", type=int, default=list(copies), metavar="T", help="copies linked")
    add("--seeds", type=int, default=3, metavar="N", help="solver seeds 0 to N-1 (%(default)s)")
    add("--time-limit", type=float, default=60.0, metavar="S", help="per solve (%(default)s s)")
    add("--rel-gap", type=float, default=1e-4, help="relative gap of a proof (%(default)s)")
    add("--data-seed", type=int, default=0, help="of the problem's random rows (%(default)s)")
    add("--models", type=Path, default=MODELS, metavar="DIR", help="folder with LxW.onnx")
    add("--quick", action="store_true", help="one tiny net, one copy, one seed, 5 s: a trial run")


def campaign(parser: argparse.ArgumentParser, args: argparse.Namespace) -> Campaign:
    """The campaign that the arguments describe; a mistake ends the program with its usage."""
    if args.quick:
        args.layouts, args.copies, args.seeds, args.time_limit = ["24x1"], [1], 1, 5.0
    found = Campaign(
        tuple(args.layouts),
        tuple(args.copies),
        args.seeds,
        args.time_limit,
        args.rel_gap,
        args.data_seed,
        args.models,
    )
    for layout in found.layouts:
        if not found.path(layout).is_file():
            names = ", ".join(sorted(path.stem for path in found.models.glob("*.onnx"))) or "none"
            parser.error(f"no net {layout!r} in {found.models}; there are: {names}")
    if min(found.copies) < 1 or found.seeds < 1 or not found.limit > 0:
        parser.error("--copies and --seeds must be at least 1, --time-limit above 0")
    return found


def run_campaign(what: Campaign, solvers: Sequence[str]) -> Iterator[Run]:
    """Solve everything, the solvers in turn on each instance, so that a slow spell hits all."""
    total = len(what.copies) * len(what.layouts) * what.seeds * len(solvers)
    done = 0
    for copies in what.copies:
        for layout in what.layouts:
            for seed in range(what.seeds):
                for solver in solvers:
                    task = LinkedTask(
                        solver, str(what.path(layout)), copies, what.data_seed, seed, what.rel_gap
                    )
                    outcome = run_fresh(prepare, task, what.limit)
                    done += 1
                    label = f"T = {copies}"
                    where = f"{label}, {layout}, seed {seed}, {solver}"
                    progress(f"[{done}/{total}] {where}: {described(outcome)}")
                    yield Run(solver, label, layout, seed, outcome)


def agreement(what: Campaign, copies: int, layout: str, runs: Sequence[Run]) -> Agreement:
    """Whether the answers to one instance agree with each other and with the network."""
    net = load(what.path(layout))
    data = linked_data(net.domain(), copies, what.data_seed)

    def value(x: FloatArray) -> float:
        return float(data.weights @ net(x.reshape(copies, net.n_inputs))[:, 0])

    return compare(f"T = {copies}, {layout}", runs, value, what.rel_gap)


def optima_table(what: Campaign, runs: Sequence[Run]) -> tuple[Table, list[str]]:
    """What is known of every instance's optimum, and all complaints."""
    rows, complaints = [], []
    for copies, layout in product(what.copies, what.layouts):
        here = [r for r in runs if (r.group, r.row) == (f"T = {copies}", layout)]
        found = agreement(what, copies, layout, here)
        solved = sum(run.outcome.solved for run in here)
        rows.append(
            (
                f"T = {copies}",
                layout,
                figure(found.value),
                figure(found.bound),
                f"{solved} of {len(here)}",
                f"{found.error:.1e}",
                "NO" if found.complaints else "yes" if solved > 1 else "-",
            )
        )
        complaints += found.complaints
    columns = ("", "layout", "best value", "best bound", "proofs", "largest error", "agree")
    notes = (
        "best value: the smallest objective at any solver's inputs, by the network's forward pass; "
        "largest error: of any solver's objective against that pass.",
    )
    return Table("Do the solvers agree?", columns, tuple(rows), notes, keys=2), complaints
