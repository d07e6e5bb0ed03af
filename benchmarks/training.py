"""Accuracy: the recipe `best` against the origin's, against the limits, and at equal wall time.

    python benchmarks/training.py [--layouts 3x8 4x6] [--restarts 16] [--csv reformer.csv]

1. xy on [-1, 1]^2 from 10,000 samples, errors on a dense grid: `origin`, best of 10 restarts, and
   `best` with its default settings, as many layouts at once as there are cores, one thread each.
   Beside them the MAE of nets with hand-built weights (tests/handmade.py) and the conjectured least
   MAE of the net's own number of linear regions (surrogate.limits).
2. Other functions, and the columns of a CSV file, on layout 3x8: `best` gets the seconds that ten
   restarts of `origin` took, one after the other on one thread; errors on the test samples.
3. --parts: what each part of `best` is worth: kinds of starts, kicks.
4. --curvature: milliseconds for the matrix of second-order training, with and without collapsing
   the samples of a linear region, and its product in float32 and float64, by numpy and torch.

Nothing is special to xy: all rows are made by the same recipe with the same settings.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import numpy as np
import torch
from comparing import machine, progress
from threadpoolctl import threadpool_limits

from surrogate.datasets import Dataset, Split
from surrogate.errors import SurrogateError
from surrogate.functions import function_named
from surrogate.layouts import constant_width_layouts, layout_widths
from surrogate.limits import least_mae
from surrogate.network import Network
from surrogate.regions import enumerate_regions
from surrogate.report import Table, print_table
from surrogate.training import Trained, best, gauss_newton, train
from surrogate.training.folding import folding_start
from surrogate.training.gauss_newton import LeastSquares

ROOT = Path(__file__).parent.parent
FUNCTIONS = ("peaks", "rosenbrock", "friedman")
ORIGIN_RESTARTS = 10
CSV_INPUTS = 2  # the first columns of the file


@dataclass(frozen=True)
class Accuracy:
    """Mean absolute errors of the restarts, best first; the largest error of the first; seconds."""

    mae: tuple[float, ...]
    largest: float
    seconds: float
    network: Network


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    layouts = list(constant_width_layouts(24))
    add("--layouts", nargs="+", default=layouts, metavar="LxW", help="of the first table")
    add("--restarts", type=int, default=16, metavar="N", help="of best (%(default)s)")
    add("--samples", type=int, default=10_000, metavar="N", help="(%(default)s)")
    add("--csv", type=Path, help="a file whose first two columns are inputs, the others outputs")
    add("--time-limit", type=float, metavar="S", help="for each training of the first table")
    add("--parts", action="store_true", help="only the third table, on --layouts")
    add("--curvature", action="store_true", help="only the fourth table, on --layouts")
    args = parser.parse_args()
    try:
        if args.curvature:
            print_table(curvature(args.layouts, args.samples))
        elif args.parts:
            print_table(parts(args.layouts, args.samples, args.restarts, args.time_limit))
        else:
            print_table(marks(args.layouts, args.samples, args.restarts, args.time_limit))
            print_table(others(args.samples, args.restarts, args.csv))
    except SurrogateError as error:
        parser.error(str(error))
    print(machine(["surrogate", "torch", "numpy", "scipy"]))


def marks(layouts: Sequence[str], samples: int, restarts: int, limit: float | None) -> Table:
    """Both recipes on xy, per layout."""
    start = perf_counter()
    tasks = [("best", layout, samples, restarts, limit) for layout in layouts]
    tasks += [("origin", layout, samples, ORIGIN_RESTARTS, None) for layout in layouts]
    found = {}
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        for task, result in zip(tasks, pool.map(on_xy, tasks), strict=True):
            found[task[:2]] = result
            progress(f"{task[0]} {task[1]}: MAE {result.mae[0]:.2e}, {result.seconds:.0f} s")
            if task[1] == layouts[-1]:
                progress(
                    f"all layouts by {task[0]}: {perf_counter() - start:.0f} s since the start"
                )
    rows = [
        (
            layout,
            *_thousandths(
                [min(found["origin", layout].mae), *_first_median(found["best", layout])]
            ),
            f"{min(found['origin', layout].mae) / found['best', layout].mae[0]:.1f}x",
            *_thousandths([found["best", layout].largest]),
            *_limits(layout, found["best", layout].network),
            f"{found['best', layout].seconds:.0f}",
        )
        for layout in layouts
    ]
    columns = ("layout", "origin, best of 10", "best", "median", "better", "largest error",
               "regions", "least MAE of so many", "hand-built", "seconds")  # fmt: skip
    notes = (
        "Errors x 10^3 on a grid of 160,000 points. best: the restart with the least validation "
        "error; median: of all its restarts; least MAE: 1 / (6 n) for n convex pieces, a "
        "conjecture.",
    )
    return Table("xy: mean absolute error", columns, tuple(rows), notes)


def on_xy(task: tuple[str, str, int, int, float | None]) -> Accuracy:
    """One recipe on one layout."""
    recipe, layout, samples, restarts, limit = task
    xy = function_named("xy")
    data = Dataset.sample(xy, samples, np.random.default_rng([0]))
    start = perf_counter()
    found = train(data, layout, recipe, restarts, time_limit=limit, box=xy.box)
    seconds = perf_counter() - start
    grid = xy.grid()
    errors = [np.abs(one.network(grid) - xy(grid)) for one in found]
    return Accuracy(
        tuple(float(error.mean()) for error in errors),
        float(errors[0].max()),
        seconds,
        found[0].network,
    )


def _first_median(accuracy: Accuracy) -> tuple[float, float]:
    return accuracy.mae[0], statistics.median(accuracy.mae)


def _thousandths(errors: Iterable[float]) -> list[str]:
    return [f"{1e3 * error:.3g}" for error in errors]


def _limits(layout: str, network: Network) -> tuple[str, str, str]:
    """Linear regions, the least MAE that they allow, and the MAE of the hand-built net."""
    sys.path.insert(0, str(ROOT))
    from tests.handmade import FOLDS, handmade

    regions = len(enumerate_regions(network, network.domain()))
    xy = function_named("xy")
    grid = xy.grid()
    built = (
        f"{1e3 * np.abs(handmade(layout)(grid) - xy(grid)).mean():.3g}" if layout in FOLDS else "-"
    )
    return str(regions), f"{1e3 * least_mae(regions):.3g}", built


def others(samples: int, restarts: int, csv: Path | None) -> Table:
    """Both recipes at equal wall time on other truths, one after the other."""
    rows = []
    for name, split in problems(samples, csv):
        start = perf_counter()
        origin = train(split, "3x8", "origin", ORIGIN_RESTARTS)
        seconds = perf_counter() - start
        best = train(split, "3x8", restarts=restarts, time_limit=seconds)
        theirs, ours = min(_relative(one, split) for one in origin), _relative(best[0], split)
        ratio = f"{theirs / ours:.1f}x"
        rows.append((name, f"{theirs:.3g}", f"{ours:.3g}", ratio, f"{seconds:.1f}", str(len(best))))
        progress(f"{name}: {ratio}")
    columns = ("truth", "origin, best of 10", "best", "better", "seconds each", "restarts of best")
    notes = ("MAE on the test samples (15 %), relative to the outputs' ranges, mean over outputs.",)
    return Table("3x8 at equal wall time", columns, tuple(rows), notes)


def problems(samples: int, csv: Path | None) -> Iterable[tuple[str, Split]]:
    """Names and samples, split."""
    for name in FUNCTIONS:
        data = Dataset.sample(function_named(name), samples, np.random.default_rng([0]))
        yield name, data.split(0)
    if csv is not None:
        header = csv.read_text(encoding="utf-8").splitlines()[0].split(",")
        columns = [name.strip() for name in header]
        yield csv.stem, Dataset.from_csv(csv, columns[CSV_INPUTS:], columns[:CSV_INPUTS]).split(0)


def _relative(one: Trained, split: Split) -> float:
    return float((one.errors["test"].mae / np.ptp(split.train.outputs, axis=0)).mean())


def parts(layouts: Sequence[str], samples: int, restarts: int, limit: float | None) -> Table:
    """`best` with one kind of start each, and without kicks."""
    xy = function_named("xy")
    data = Dataset.sample(xy, samples, np.random.default_rng([0]))
    grid, rows, usual = xy.grid(), [], best.KICKS_PER_RESTART
    for layout in layouts:
        for start in ("mixed", "folding", "hyperplanes", "asymmetric"):
            for kicks in (usual, 0):
                best.KICKS_PER_RESTART = kicks
                found = train(
                    data, layout, restarts=restarts, time_limit=limit, box=xy.box, start=start
                )
                maes = [float(np.abs(one.network(grid) - xy(grid)).mean()) for one in found]
                figures = _thousandths([maes[0], statistics.median(maes)])
                rows.append((layout, start, "no" if kicks == 0 else "yes", *figures))
                progress(" ".join(rows[-1]))
    columns = ("layout", "starts", "kicks", "MAE x 10^3", "median")
    return Table("What the parts are worth, on xy", columns, tuple(rows), (), keys=3)


def curvature(layouts: Sequence[str], samples: int) -> Table:
    """What one curvature costs, of a start that folds xy."""
    xy = function_named("xy")
    data = Dataset.sample(xy, samples, np.random.default_rng([0]))
    rows = []
    with threadpool_limits(1):
        torch.set_num_threads(1)
        for layout in layouts:
            sizes = (2, *layout_widths(layout), 1)
            vector = folding_start(sizes, data.inputs, data.outputs, np.random.default_rng(0))
            problem = LeastSquares(sizes, data.inputs, data.outputs)
            point = problem.at(vector)
            collapsed = fastest(lambda: problem.curvature(point))  # noqa: B023 - called at once
            gauss_newton.MAX_INPUTS_TO_COLLAPSE, usual = 0, gauss_newton.MAX_INPUTS_TO_COLLAPSE
            all_rows = fastest(lambda: problem.curvature(point))  # noqa: B023
            gauss_newton.MAX_INPUTS_TO_COLLAPSE = usual
            double = np.random.default_rng(0).normal(size=(samples, len(vector)))
            single, tensor = double.astype(np.float32), torch.from_numpy(double)
            products = [fastest(lambda m=m: m.T @ m) for m in (single, double, tensor)]
            rows.append((layout, *(f"{1e3 * t:.2f}" for t in (collapsed, all_rows, *products))))
    columns = ("layout", "collapsed", "all rows", "product: float32", "float64", "torch float64")
    notes = (f"Milliseconds, the fastest of 20; {samples:,} samples. Products of all rows alone.",)
    return Table("The curvature", columns, tuple(rows), notes)


def fastest(work: Callable[[], object]) -> float:
    """Seconds of the fastest of 20 runs."""
    times = []
    for _ in range(20):
        start = perf_counter()
        work()
        times.append(perf_counter() - start)
    return min(times)


if __name__ == "__main__":
    main()
