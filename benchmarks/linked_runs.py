"""A campaign: cases (a problem, a net, copies) x solvers x seeds, and whether they agree."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import product
from pathlib import Path

from comparing import Agreement, Run, compare, described, figure, progress
from linked_solves import LinkedTask, instance_of, prepare
from timing import run_fresh

from surrogate.onnx_files import load
from surrogate.report.table import Table

MODELS = Path(__file__).parent.parent / "models"


@dataclass(frozen=True)
class Case:
    """One instance but for its data seed: `problem` is a key of `linked_solves.PROBLEMS`."""

    net: str
    copies: int
    problem: str = "linked"

    @property
    def group(self) -> str:
        """The table it belongs to."""
        what = "" if self.problem == "linked" else f"{self.problem}, "
        return f"{what}T = {self.copies}"


@dataclass(frozen=True)
class Campaign:
    """What is solved, and how: see `add_arguments`."""

    cases: tuple[Case, ...]
    seeds: int
    limit: float
    rel_gap: float
    data_seed: int
    models: Path

    def path(self, net: str) -> Path:
        """The file of a net."""
        return self.models / f"{net}.onnx"


def add_arguments(
    parser: argparse.ArgumentParser, layouts: Sequence[str], copies: Sequence[int]
) -> None:
    """The options of the benchmarks on every layout with every number of copies."""
    add = parser.add_argument
    add("--layouts", nargs="+", default=list(layouts), metavar="LxW", help="nets of the models")
    add("--copies", nargs="+", type=int, default=list(copies), metavar="T", help="copies linked")
    ties = "each copy with inputs of its own, or the last being the next one's first (%(default)s)"
    add("--problem", choices=("linked", "chain"), default="linked", help=ties)
    add_settings(parser, MODELS)


def add_settings(parser: argparse.ArgumentParser, models: Path) -> None:
    """The options that all campaigns share."""
    add = parser.add_argument
    add("--seeds", type=int, default=3, metavar="N", help="solver seeds 0 to N-1 (%(default)s)")
    add("--time-limit", type=float, default=60.0, metavar="S", help="per solve (%(default)s s)")
    add("--rel-gap", type=float, default=1e-4, help="relative gap of a proof (%(default)s)")
    add("--data-seed", type=int, default=0, help="of the problem's random rows (%(default)s)")
    add("--models", type=Path, default=models, metavar="DIR", help="folder with the .onnx files")
    add("--quick", action="store_true", help="one tiny net, one copy, one seed, 5 s: a trial run")


def campaign(parser: argparse.ArgumentParser, args: argparse.Namespace) -> Campaign:
    """The campaign on all layouts; a mistake ends the program with its usage."""
    if args.quick:
        args.layouts, args.copies = ["24x1"], [1]
    pairs = product(args.copies, args.layouts)
    cases = [Case(layout, copies, args.problem) for copies, layout in pairs]
    return campaign_of(parser, args, cases)


def campaign_of(
    parser: argparse.ArgumentParser, args: argparse.Namespace, cases: Sequence[Case]
) -> Campaign:
    """The campaign on these cases; a mistake ends the program with its usage."""
    if args.quick:
        args.seeds, args.time_limit = 1, 5.0
    found = Campaign(
        tuple(cases), args.seeds, args.time_limit, args.rel_gap, args.data_seed, args.models
    )
    for case in found.cases:
        if not found.path(case.net).is_file():
            names = ", ".join(sorted(path.stem for path in found.models.glob("*.onnx"))) or "none"
            parser.error(f"no net {case.net!r} in {found.models}; there are: {names}")
    fewest = min(case.copies for case in cases)
    if fewest < 1 or found.seeds < 1 or not found.limit > 0:
        parser.error("--copies and --seeds must be at least 1, --time-limit above 0")
    return found


def run_campaign(what: Campaign, solvers: Sequence[str]) -> Iterator[Run]:
    """Solve everything, the solvers in turn on each instance, so that a slow spell hits all."""
    everything = list(product(what.cases, range(what.seeds), solvers))
    for done, (case, seed, solver) in enumerate(everything, 1):
        task = LinkedTask(
            solver,
            str(what.path(case.net)),
            case.copies,
            what.data_seed,
            seed,
            what.rel_gap,
            case.problem,
        )
        outcome = run_fresh(prepare, task, what.limit)
        where = f"{case.group}, {case.net}, seed {seed}, {solver}"
        progress(f"[{done}/{len(everything)}] {where}: {described(outcome)}")
        yield Run(solver, case.group, case.net, seed, outcome)


def agreement(what: Campaign, case: Case, runs: Sequence[Run]) -> Agreement:
    """Whether the answers to one instance agree with each other and with the network."""
    net = load(what.path(case.net))
    instance = instance_of(case.problem, net, case.copies, what.data_seed)
    label = f"{case.group}, {case.net}"
    others = len(instance.cost) > instance.inputs.size + instance.outputs.size
    value = partial(instance.value, net)
    return compare(label, runs, value, what.rel_gap, decisions=others)


def optima_table(what: Campaign, runs: Sequence[Run]) -> tuple[Table, list[str]]:
    """What is known of every instance's optimum, and all complaints."""
    rows, complaints = [], []
    for case in what.cases:
        here = [r for r in runs if (r.group, r.row) == (case.group, case.net)]
        found = agreement(what, case, here)
        solved = sum(run.outcome.solved for run in here)
        rows.append(
            (
                case.group,
                case.net,
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
        "best value: the smallest objective at any solver's inputs, by the network's forward pass, "
        "with all that belongs to no network optimised; a maximum is shown as its negative; "
        "largest error: of any solver's objective against that, of proofs only where there is "
        "something to optimise.",
    )
    return Table("Do the solvers agree?", columns, tuple(rows), notes, keys=2), complaints
