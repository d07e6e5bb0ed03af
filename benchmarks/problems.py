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

from comparing import ABSOLUTE, Run, cell, described, machine, progress, unique
from problem_nets import NetTask, Recipe, test_mae, train_missing
from problem_solves import SOLVERS, ProblemTask, run_judged

from surrogate.errors import SurrogateError
from surrogate.layouts import constant_width_layouts, layout_widths
from surrogate.onnx_files import load
from surrogate.problems import PROBLEMS
from surrogate.report import Table, print_table
from surrogate.report.table import digits

NAMES = tuple(name for name, problem in PROBLEMS.items() if problem.optimum is not None)
HAVERLY, CLOSE, SOON = "haverly1", 0.02, 30.0  # the second table: a regret, and seconds of auto
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
    if args.seeds < 1 or not args.time_limit > 0:
        parser.error("--seeds must be at least 1, --time-limit above 0")
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


def layouts_table(runs: Sequence[Run], maes: dict[tuple[str, str], tuple[float, ...]]) -> Table:
    """One row per problem and layout."""
    rows = []
    for problem, layout in dict.fromkeys((run.group, run.row) for run in runs):
        here = [run for run in runs if (run.group, run.row) == (problem, layout)]
        by = {solver: [run for run in here if run.solver == solver] for solver in SOLVERS}
        answers = [run.outcome.answer for run in by["auto"]]
        errors = [answer.error for answer in answers]
        proved = [s for s, some in by.items() if all(run.outcome.solved for run in some)]
        rows.append(
            (
                problem,
                layout,
                " / ".join(map(figure, maes[problem, layout])),
                percent([answer.regret for answer in answers]),
                "-" if None in errors else figure(max(errors)),
                *(cell(some) for some in by.values()),
                " and ".join(proved) or "neither",
            )
        )
    columns = ("problem", "layout", "test MAE", "regret, %", "error at decision",
               *(f"{solver}, s" for solver in SOLVERS), "proved")  # fmt: skip
    scales = [
        f"{name}: {PROBLEMS[name].title}; optimum {PROBLEMS[name].optimum:.6g}, "
        f"scale {PROBLEMS[name].scale:.6g}."
        for name in unique(run.group for run in runs)
    ]
    note = (
        "Regret and error at the decision: of auto, the largest of the solver seeds. Seconds: "
        "shifted geometric means (shift 1 s) over the seeds; a timeout counts as the limit, and "
        "is shown with its largest gap."
    )
    return Table("Layout x problem", columns, tuple(rows), (note, *scales), keys=2)


def haverly_table(layout: str, runs: Sequence[Run]) -> Table:
    """What the net with the least test MAE decides for Haverly 1, by both solvers."""
    rows = []
    for solver in SOLVERS:
        here = [run for run in runs if run.solver == solver]
        answers = [run.outcome.answer for run in here]
        profits = [answer.repaired for answer in answers]
        claims = [answer.objective for answer in answers]
        rows.append(
            (
                solver,
                "-" if None in claims else f"{min(claims):.2f}",
                "-" if None in profits else f"{min(profits):.2f}",
                percent([answer.regret for answer in answers]),
                cell(here),
            )
        )
    auto = [run.outcome for run in runs if run.solver == "auto"]
    close = all(o.answer.regret is not None and o.answer.regret <= CLOSE for o in auto)
    soon = all(o.solved and o.seconds < SOON for o in auto)
    marks = (
        f"auto: within {100 * CLOSE:g} % of the optimum {'yes' if close else 'NO'}, "
        f"proved in under {SOON:g} s {'yes' if soon else 'NO'}, with every solver seed."
    )
    note = "Profits: the least of the solver seeds; claimed: the model's objective."
    return Table(
        f"Haverly 1, optimum {PROBLEMS[HAVERLY].optimum:g}, "
        f"with the net of the least test MAE, {layout}",
        ("solver", "claimed profit", "true profit after repair", "regret, %", "s"),
        tuple(rows),
        (note, marks),
    )


def contradictions(runs: Sequence[Run], rel_gap: float) -> list[str]:
    """One line per proved bound that a solution of the same model contradicts."""
    complaints = []
    for problem, layout in dict.fromkeys((run.group, run.row) for run in runs):
        sign = 1.0 if PROBLEMS[problem].sense == "minimize" else -1.0
        here = [run for run in runs if (run.group, run.row) == (problem, layout)]
        values = [run.outcome.answer.objective for run in here]
        best = min((sign * value for value in values if value is not None), default=None)
        for run in here:
            bound = run.outcome.answer.bound
            if best is None or bound is None:
                continue
            if sign * bound > best + 1.1 * rel_gap * abs(best) + ABSOLUTE:
                complaints.append(
                    f"{problem}, {layout}, {run.solver} seed {run.seed}: bound {bound:.8g}, but a "
                    f"solution has {sign * best:.8g}"
                )
    return complaints


def percent(regrets: Sequence[float | None]) -> str:
    """The largest regret in %; `-` where one is not known."""
    known = [regret for regret in regrets if regret is not None]
    return f"{100 * max(known):z.2f}" if known and len(known) == len(regrets) else "-"


def figure(value: float) -> str:
    """Three significant digits, in exponent form when small."""
    return digits(value) if value >= 1e-4 else f"{value:.1e}"


if __name__ == "__main__":
    main()
