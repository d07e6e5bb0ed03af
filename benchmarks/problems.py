"""Layout x problem: with 24 neurons to spend, which layout makes the best decision, and how soon.

    python benchmarks/problems.py [--problems haverly1 peaks linked] [--nets DIR]

For every layout one net of each problem's functions is trained by the recipe `best`
(problem_nets.py) and put into the problem's model, which is solved by `auto` and by OMLT's plain
big-M (problem_solves.py), each solve in a fresh process. Then the decision is judged under the
truth:

    test MAE   of the net, on a dense grid that training never saw; several nets are in the order
               of the problem's functions
    regret     how far the decision, after repair to a truly feasible one, stays behind the known
               optimum, in % of the problem's scale; that of auto, the largest of the solver seeds
    claim off  how far the model's own objective is from what that decision is worth
    error      the largest |net - truth| over the copies at that decision
    proved     which of the two proved the optimum of the model in time with every seed

A second table is about Haverly 1 and the net with the least test MAE: the true profit of both
solvers' decisions, and whether it keeps within 2 % of the optimum in under 30 s.

The first run trains 16 nets in some 5 to 10 minutes of one core; with --nets DIR they are kept, and
a second run only solves. Exit code 1 when the two solvers contradict each other. Progress goes to
stderr; --quick takes seconds.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from itertools import product
from pathlib import Path

from comparing import Run, described, machine, progress, unique
from problem_nets import NetTask, Recipe, test_mae, train_missing
from problem_solves import SOLVERS, ProblemTask, run_judged
from problem_tables import HAVERLY, contradictions, haverly_table, layouts_table, percent

from surrogate.errors import SurrogateError
from surrogate.layouts import constant_width_layouts, layout_widths
from surrogate.onnx_files import load
from surrogate.problems import PROBLEMS
from surrogate.report import print_table

NAMES = tuple(name for name, problem in PROBLEMS.items() if problem.optimum is not None)
QUICK = {"layouts": ["1x4"], "restarts": 1, "samples": 300, "train_seconds": 0.5, "seeds": 1,
         "time_limit": 5.0}  # fmt: skip


def main() -> None:
    """Train, solve, judge, and print the tables."""
    parser, args = _arguments()
    with nullcontext(args.nets) if args.nets else tempfile.TemporaryDirectory() as folder:
        try:
            Path(folder).mkdir(parents=True, exist_ok=True)
            tasks = net_tasks(args, Path(folder))
            train_missing(tasks)
        except (OSError, SurrogateError) as error:
            parser.error(str(error))
        paths = {
            (problem, layout): tuple(str(t.path) for t in tasks if t.is_for(problem, layout))
            for problem, layout in product(args.problems, args.layouts)
        }
        maes = {key: _maes(key[0], files) for key, files in paths.items()}
        runs = list(_runs(args, paths))

    print_table(layouts_table(runs, maes))
    if HAVERLY in args.problems:
        best = min(args.layouts, key=lambda layout: maes[HAVERLY, layout])
        print_table(haverly_table(best, [r for r in runs if (r.group, r.row) == (HAVERLY, best)]))
    print(machine(["surrogate", "highspy", "omlt", "pyomo", "numpy"]))
    if complaints := contradictions(runs, args.rel_gap):
        sys.exit("DISAGREEMENT\n" + "\n".join(complaints))


def _arguments() -> tuple[argparse.ArgumentParser, argparse.Namespace]:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add, layouts = parser.add_argument, list(constant_width_layouts(24))
    three = [HAVERLY, "peaks", "linked"]
    add(
        "--problems", nargs="+", choices=NAMES, default=three, metavar="NAME", help=", ".join(NAMES)
    )
    add("--layouts", nargs="+", default=layouts, metavar="LxW", help="(all of 24 neurons)")
    add("--nets", type=Path, metavar="DIR", help="where the nets are kept (nowhere)")
    add(
        "--restarts", type=int, default=4, metavar="N", help="per net, the best stays (%(default)s)"
    )
    add("--samples", type=int, default=10_000, metavar="N", help="to train on (%(default)s)")
    add("--train-seconds", type=float, metavar="S", help="per net (what the recipe needs)")
    add("--seeds", type=int, default=3, metavar="N", help="solver seeds 0 to N-1 (%(default)s)")
    add("--time-limit", type=float, default=60.0, metavar="S", help="per solve (%(default)s s)")
    add("--rel-gap", type=float, default=1e-4, help="relative gap of a proof (%(default)s)")
    add("--quick", action="store_true", help="one tiny net per function, 5 s: a trial run")
    args = parser.parse_args()
    if args.quick:
        vars(args).update(QUICK)
    args.problems, args.layouts = unique(args.problems), unique(args.layouts)
    try:
        for layout in args.layouts:
            layout_widths(layout)
    except SurrogateError as error:
        parser.error(str(error))
    if min(args.seeds, args.samples) < 1 or not args.time_limit > 0 or not args.rel_gap >= 0:
        parser.error(
            "--seeds and --samples must be at least 1, --time-limit above 0, --rel-gap at least 0"
        )
    return parser, args


def net_tasks(args: argparse.Namespace, folder: Path) -> list[NetTask]:
    """A net per problem, function and layout; problems with one function share its files."""
    recipe = Recipe(args.restarts, args.samples, args.train_seconds)
    return [
        NetTask(problem, place, layout, recipe, folder / f"{function.name}-{layout}.onnx")
        for problem, layout in product(args.problems, args.layouts)
        for place, function in enumerate(PROBLEMS[problem].functions)
    ]


def _maes(problem: str, paths: Sequence[str]) -> tuple[float, ...]:
    functions = PROBLEMS[problem].functions
    return tuple(test_mae(load(p), f) for p, f in zip(paths, functions, strict=True))


def _runs(args: argparse.Namespace, paths: dict[tuple[str, str], tuple[str, ...]]) -> Iterable[Run]:
    """Solve everything, the solvers in turn on each instance, so that a slow spell hits both."""
    everything = list(product(args.problems, args.layouts, range(args.seeds), SOLVERS))
    for done, (problem, layout, seed, solver) in enumerate(everything, 1):
        task = ProblemTask(solver, problem, paths[problem, layout], seed, args.rel_gap)
        outcome = run_judged(task, args.time_limit)
        where = f"{problem}, {layout}, seed {seed}, {solver}"
        regret = percent([outcome.answer.regret])
        progress(f"[{done}/{len(everything)}] {where}: {described(outcome)}, regret {regret} %")
        yield Run(solver, problem, layout, seed, outcome)


if __name__ == "__main__":
    main()
