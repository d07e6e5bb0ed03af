"""Solver-aware training: error against solve time, as the strength grows.

    python benchmarks/solvability.py [--layouts 3x8 2x24] [--seeds 5] [--strengths 0 0.1 0.3 1]

xy on [-1, 1]^2 from 10,000 samples. Each of the trainings (one per seed of `train`) is run once;
its best net is then made easier with every strength (`surrogate.training.solvability`), within 10 %
of its error on the validation samples. Strength 0 is the training as it is, the baseline. Each net
is solved in the linked problem with T copies by OMLT's plain big-M and HiGHS, each solve in a fresh
process, one thread, everything but imports inside the clock.
The errors are on a dense grid. Progress goes to stderr; --quick is a trial run of a minute.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import numpy as np
from comparing import described, machine, progress
from linked_solves import OWN, LinkedTask, prepare
from timing import Outcome, run_fresh, shifted_geometric_mean

from surrogate.datasets import Dataset, Scaling
from surrogate.functions import function_named
from surrogate.layouts import layout_widths
from surrogate.onnx_files import save
from surrogate.report import Table, print_table
from surrogate.report.table import digits
from surrogate.training.best import Task, search
from surrogate.training.difficulty import difficulty, unstable_neurons
from surrogate.training.parameters import as_network
from surrogate.training.solvability import easier
from surrogate.training.starts import STARTS

XY = function_named("xy")
SAMPLES, RESTARTS = 10_000, 16
TRAINING_SHARES = (0.2, 0.4, 0.8, 0.97)  # of the time limit, as `train` shares it


@dataclass(frozen=True)
class Measured:
    """One net: its layout, training and strength, its errors and how its problem was solved.

    mae        on the grid
    unstable   hidden neurons that interval arithmetic cannot prove stable
    gap        `difficulty`
    seconds    that making it easier took
    """

    layout: str
    seed: int
    strength: float
    mae: float
    unstable: int
    gap: float
    seconds: float
    outcomes: tuple[Outcome, ...]


def main() -> None:
    """Run everything and print one table per layout."""
    args = _arguments()
    found: list[Measured] = []
    with tempfile.TemporaryDirectory() as folder:
        for layout in args.layouts:
            for seed in range(args.seeds):
                found += _one_training(args, layout, seed, Path(folder) / "net.onnx")
            here = [one for one in found if one.layout == layout]
            print_table(_table(layout, here, args.strengths, args.time_limit))
    print(machine(["surrogate", "highspy", "omlt", "pyomo", "numpy"]))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--layouts", nargs="+", default=["3x8", "2x24"], metavar="LxW")
    add("--seeds", type=int, default=5, metavar="N", help="trainings per layout (%(default)s)")
    add("--strengths", nargs="+", type=float, default=[0.0, 0.1, 0.3, 1.0], metavar="S")
    add("--solver-seeds", type=int, default=1, metavar="N", help="per net (%(default)s)")
    add("--copies", type=int, default=4, metavar="T", help="copies linked (%(default)s)")
    add("--time-limit", type=float, default=60.0, metavar="S", help="per solve (%(default)s s)")
    add("--train-seconds", type=float, default=60.0, metavar="S", help="per training")
    add("--ease-seconds", type=float, default=30.0, metavar="S", help="per strength")
    add("--quick", action="store_true", help="one tiny net, one training: a trial run")
    args = parser.parse_args()
    if args.quick:
        args.layouts, args.seeds, args.copies, args.time_limit = ["2x4"], 1, 2, 5.0
        args.train_seconds, args.ease_seconds, args.strengths = 3.0, 3.0, [0.0, 0.3]
    args.strengths = sorted({0.0, *args.strengths})
    return args


def _one_training(
    args: argparse.Namespace, layout: str, seed: int, path: Path
) -> Iterable[Measured]:
    """Train once; make easier and solve for every strength."""
    split = Dataset.sample(XY, SAMPLES, np.random.default_rng(seed)).split(seed)
    scaling = Scaling(XY.box, split.train.output_range)
    start = perf_counter()
    deadlines = tuple(start + share * args.train_seconds for share in TRAINING_SHARES)
    task = Task.of(
        layout_widths(layout),
        scaling.to_unit(split.train),
        scaling.to_unit(split.validation),
        STARTS["mixed"],
        "mae",
        seed,
        (deadlines[0], deadlines[1], deadlines[2], deadlines[3]),
    )
    best = search(task, RESTARTS, lambda _: None)[0].vector
    grid = XY.grid()
    for strength in args.strengths:
        start = perf_counter()
        deadline = start + args.ease_seconds
        vector = easier(task.all, task.watched, best, strength, deadline=deadline)
        seconds = perf_counter() - start
        net = scaling.fold(as_network(vector, task.all.sizes))
        save(net, path)
        outcomes = tuple(
            run_fresh(
                prepare,
                LinkedTask(f"{OWN}omlt", str(path), args.copies, 0, solver_seed, 1e-4),
                args.time_limit,
            )
            for solver_seed in range(args.solver_seeds)
        )
        one = Measured(
            layout,
            seed,
            strength,
            float(np.abs(net(grid) - XY(grid)).mean()),
            unstable_neurons(vector, task.all.sizes),
            difficulty(vector, task.all.sizes),
            seconds,
            outcomes,
        )
        progress(
            f"{layout} seed {seed} strength {strength:g}: MAE {one.mae:.3g}, "
            f"G {one.gap:.3g}; {'; '.join(described(outcome) for outcome in outcomes)}"
        )
        yield one


def _table(
    layout: str, runs: Sequence[Measured], strengths: Sequence[float], limit: float
) -> Table:
    """One row per strength, over all trainings."""
    rows, plain = [], {run.seed: run for run in runs if run.strength == 0.0}
    base = _mean(plain.values())
    for strength in strengths:
        here = [run for run in runs if run.strength == strength]
        outcomes = [outcome for run in here for outcome in run.outcomes]
        ratios = [run.mae / plain[run.seed].mae for run in here]
        rows.append(
            (
                f"{strength:g}",
                digits(1e3 * float(np.median([run.mae for run in here]))),
                f"{np.median(ratios):.3f} ({max(ratios):.3f})",
                digits(float(np.mean([run.unstable for run in here]))),
                digits(float(np.median([run.gap for run in here]))),
                digits(float(np.mean([run.seconds for run in here]))),
                digits(_mean(here)),
                f"{sum(not outcome.solved for outcome in outcomes)} of {len(outcomes)}",
                f"{digits(base / _mean(here))}x",
            )
        )
    columns = (
        "strength",
        "MAE x 10^3",
        "MAE ratio (worst)",
        "unstable",
        "difficulty",
        "easing s",
        "OMLT s",
        "out of time",
        "faster",
    )
    notes = (
        f"OMLT s: shifted geometric mean (shift 1 s) of {len(plain)} trainings; a timeout counts "
        f"as the limit of {limit:g} s. MAE and difficulty are medians; ratios are to strength 0.",
    )
    return Table(f"{layout}: error against solve time", columns, tuple(rows), notes)


def _mean(runs: Iterable[Measured]) -> float:
    return shifted_geometric_mean(outcome.counted for run in runs for outcome in run.outcomes)


if __name__ == "__main__":
    main()
