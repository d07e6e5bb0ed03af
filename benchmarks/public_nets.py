"""Minimise and maximise every output of every net in a folder over its box: OMLT against `auto`.

    python benchmarks/public_nets.py DIR [--time-limit 60] [--encodings omlt auto] [--nets "reach*"]

DIR holds .onnx files, and may hold boxes.json, whose keys are the files' names without .onnx:

    {"mynet": {"lower": [0, -1], "upper": [1, 1],
               "rows": {"matrix": [[1, 1]], "rhs": [0.5]}}}

"rows", which may be left out, are constraints matrix x <= rhs on the inputs. surrogate's encodings
get them as `LinearConstraints` of the bounds, `omlt` as Pyomo constraints.

A net without an entry is solved over its own box (from its metadata), or else over [-1, 1] in every
input; the tables say so. Each direction is one fresh process, one thread, one seed, everything
imported before the clock starts; bounds, building and solving are inside. `omlt` is OMLT's own
big-M in Pyomo with HiGHS's default options; the other names are surrogate's encodings.

Exit code 1 when two answers contradict each other, or the network. Progress goes to stderr.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from box_solves import OMLT, SENSES, BoxTask, prepare
from comparing import (
    Agreement,
    Run,
    cell,
    compare,
    described,
    figure,
    machine,
    mean_cell,
    progress,
    times_table,
    unique,
)
from timing import run_fresh

from surrogate.box import Box, FloatArray
from surrogate.constraints import LinearConstraints
from surrogate.conventions import Sense
from surrogate.encodings import ENCODINGS
from surrogate.errors import BoxError, SurrogateError
from surrogate.network import Network
from surrogate.onnx_files import load
from surrogate.report import Table, print_table

GROUP = "both directions of all outputs"


@dataclass(frozen=True)
class Case:
    """A net, its box, where the box came from, and what else its inputs obey."""

    path: Path
    net: Network
    box: Box
    source: str
    rows: LinearConstraints


@dataclass(frozen=True)
class Problem:
    """One direction of one output of one net."""

    case: Case
    output: int
    sense: Sense

    @property
    def sign(self) -> int:
        """1 to minimise the output, -1 to minimise its negative, as the answers do."""
        return 1 if self.sense == "minimize" else -1

    @property
    def key(self) -> int:
        """The problem's number within its net."""
        return 2 * self.output + SENSES.index(self.sense)


def main() -> None:
    """Solve everything and print the tables."""
    parser, args = _arguments()
    cases = list(_cases(parser, args.folder, args.nets))
    if not cases:
        parser.error(f"{args.folder} has no net to solve that matches {args.nets!r}")
    problems = [
        Problem(case, output, sense)
        for case in cases
        for output in range(case.net.n_outputs)
        for sense in SENSES
    ]
    runs, found = solve_all(problems, unique(args.encodings), args)

    print_table(cases_table(cases))
    print_table(problems_table(problems, runs, found))
    headings = {name: name for name in unique(args.encodings)}
    print_table(times_table(GROUP, runs, headings, "net", "outputs and directions"))
    print_table(summary_table(runs, headings))
    print(machine(["surrogate", "highspy", "omlt", "pyomo", "numpy"]))
    complaints = [line for agreement in found for line in agreement.complaints]
    if complaints:
        sys.exit("DISAGREEMENT\n" + "\n".join(complaints))


def _arguments() -> tuple[argparse.ArgumentParser, argparse.Namespace]:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add, known = parser.add_argument, [*ENCODINGS, "auto"]
    add("folder", type=Path, metavar="DIR", help="folder with .onnx files and boxes.json")
    add("--time-limit", type=float, default=60.0, metavar="S", help="per solve (%(default)s s)")
    add("--rel-gap", type=float, default=1e-4, help="relative gap of a proof (%(default)s)")
    add("--seed", type=int, default=0, help="HiGHS's seed (%(default)s)")
    add("--nets", default="*", metavar="GLOB", help="only names that match, such as 'reach*'")
    add(
        "--encodings",
        nargs="+",
        choices=known,
        default=[OMLT, "auto"],
        metavar="NAME",
        help=f"which of {', '.join(known)} (default: omlt auto)",
    )
    args = parser.parse_args()
    if not args.folder.is_dir():
        parser.error(f"{args.folder} is no folder")
    if not args.time_limit > 0:
        parser.error(f"--time-limit is {args.time_limit}; give seconds above 0")
    return parser, args


def _cases(parser: argparse.ArgumentParser, folder: Path, glob: str) -> Iterator[Case]:
    """The nets that can be read, with their boxes; what cannot be is one line on stdout."""
    boxes: dict[str, Any] = {}
    if (folder / "boxes.json").is_file():
        try:
            boxes = json.loads((folder / "boxes.json").read_text(encoding="utf-8"))
        except ValueError as error:
            parser.error(f"{folder / 'boxes.json'} is no JSON: {error}")
    for path in sorted(folder.glob(f"{glob}.onnx")):
        try:
            net = load(path)
        except SurrogateError as error:
            print(f"not read: {error}")
            continue
        try:
            entry = boxes.get(path.stem)
            rows = _rows(entry, net)
            box, source = _box(entry, net)
            many = f", {len(rows.rhs)} rows" if len(rows.rhs) else ""
            yield Case(path, net, box, source + many, rows)
        except (BoxError, KeyError, TypeError, ValueError) as error:
            parser.error(
                f"the box of {path.stem} in boxes.json: {type(error).__name__}: {error}; give "
                f'{{"lower": [...], "upper": [...]}} with {net.n_inputs} numbers each, and for '
                f'constraints "rows": {{"matrix": [[...], ...], "rhs": [...]}}'
            )


def _box(entry: Mapping[str, Any] | None, net: Network) -> tuple[Box, str]:
    if entry is not None:
        return net.domain(zip(entry["lower"], entry["upper"], strict=True)), "boxes.json"
    if net.box is not None:
        return net.box, "the file's own"
    return Box.of([(-1.0, 1.0)] * net.n_inputs), "none known: [-1, 1] in every input"


def _rows(entry: Mapping[str, Any] | None, net: Network) -> LinearConstraints:
    """The constraints on the inputs; without rows where none are given."""
    if entry is None or "rows" not in entry:
        return LinearConstraints(np.zeros((0, net.n_inputs)), np.zeros(0))
    rows = LinearConstraints(entry["rows"]["matrix"], entry["rows"]["rhs"])
    if rows.n_inputs != net.n_inputs:
        raise BoxError(f"the rows have {rows.n_inputs} columns, the net {net.n_inputs} inputs")
    return rows


def solve_all(
    problems: Sequence[Problem], encodings: Sequence[str], args: argparse.Namespace
) -> tuple[list[Run], list[Agreement]]:
    """All runs, and per problem whether they agree; the encodings take turns on each problem."""
    runs: list[Run] = []
    agreements = []
    for problem in problems:
        case = problem.case
        label = f"{case.path.stem}, output {problem.output}, {problem.sense}"
        for encoding in encodings:
            task = BoxTask(
                encoding,
                str(case.path),
                tuple(case.box.pairs()),
                problem.output,
                problem.sense,
                args.seed,
                args.rel_gap,
                tuple(map(tuple, case.rows.matrix.tolist())),
                tuple(case.rows.rhs.tolist()),
            )
            outcome = run_fresh(prepare, task, args.time_limit)
            runs.append(Run(encoding, GROUP, case.path.stem, problem.key, outcome))
            total = len(problems) * len(encodings)
            progress(f"[{len(runs)}/{total}] {label}, {encoding}: {described(outcome)}")
        agreements.append(_agreement(problem, label, runs[-len(encodings) :], args.rel_gap))
    return runs, agreements


def _agreement(problem: Problem, label: str, runs: Sequence[Run], rel_gap: float) -> Agreement:
    def value(x: FloatArray) -> float:
        return problem.sign * float(problem.case.net(x[None, :])[0, problem.output])

    return compare(label, runs, value, rel_gap)


def cases_table(cases: Sequence[Case]) -> Table:
    """What is solved: shapes, and where the boxes came from."""
    rows = tuple(
        (
            case.path.stem,
            str(case.net.n_inputs),
            case.net.layout,
            str(case.net.n_outputs),
            str(case.net.n_neurons),
            case.source,
        )
        for case in cases
    )
    return Table("Nets", ("net", "inputs", "hidden", "outputs", "neurons", "box"), rows)


def problems_table(
    problems: Sequence[Problem], runs: Sequence[Run], found: Sequence[Agreement]
) -> Table:
    """One row per net, output and direction."""
    encodings, rows = unique(run.solver for run in runs), []
    for problem, agreement in zip(problems, found, strict=True):
        here = [r for r in runs if (r.row, r.seed) == (problem.case.path.stem, problem.key)]
        rows.append(
            (
                problem.case.path.stem,
                str(problem.output),
                problem.sense,
                figure(problem.sign * agreement.value),
                figure(problem.sign * agreement.bound),
                *(cell([run for run in here if run.solver == name]) for name in encodings),
            )
        )
    columns = ("net", "output", "direction", "best value", "best bound", *encodings)
    return Table("Seconds per problem", columns, tuple(rows), keys=3)


def summary_table(runs: Sequence[Run], headings: Mapping[str, str]) -> Table:
    """Per encoding: how many problems are solved within the limit, and how fast."""
    rows = []
    for name in headings:
        own = [run for run in runs if run.solver == name]
        solved = sum(run.outcome.solved for run in own)
        rows.append((name, f"{solved} of {len(own)}", mean_cell(own)))
    return Table("Solved within the limit", ("", "solved", "mean seconds"), tuple(rows))


if __name__ == "__main__":
    main()
