"""Nets of five and ten inputs in models that link them: `auto`, plain HiGHS, and every peer.

    pip install -e ".[peers]" && python benchmarks/higher_dimension.py

Beyond three inputs there are no linear regions to list. `auto` is then a search that knows the
nets by the hulls of their graphs (surrogate.decomposition): branch and price, in turns with outer
approximation for models with integers of their own. It solves the linked problem
(surrogate.problems.linked) with T = 3 and 6 copies of each net of models/higher/ with five inputs,
and T = 2 of the one with ten; and the production plan of 8 periods (surrogate.problems.production)
with two of them. Beside it, on the same instances:

    bigm       surrogate, encoding "bigm", HiGHS on the whole model
    omlt       OMLT's own big-M in Pyomo, HiGHS with its default options
    scip-sos   PySCIPOpt-ML's default formulation, SCIP          (scip-bigm: its big-M)
    gurobi     gurobi-machinelearning, Gurobi with the limited licence that comes with its package

Each solve is one fresh process with everything imported before the clock starts; bounds, building,
translating and solving are inside. One thread, the same gap, limit and seeds for all. A problem
that Gurobi's limited licence (2,000 variables, 2,000 constraints) refuses is shown as `licence`.
Exit code 1 when two solvers contradict each other. Progress goes to stderr. The whole run takes up
to 4 hours; --quick takes seconds, and --only restricts it.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence

from against_peers import (
    AUTO,
    add_peers,
    against_the_best,
    auto_faster,
    installed,
    not_installed,
    versions_of,
)
from comparing import Run, gap_cell, machine, times_table, unique
from linked_runs import MODELS, Case, add_settings, campaign_of, optima_table, run_campaign
from linked_solves import OWN
from peer_models import PEERS

from surrogate.report import Table, print_table
from surrogate.report.table import digits

PLAIN = f"{OWN}bigm"
FIVE = ("mixed5-1x24", "mixed5-2x12", "mixed5-3x8", "mixed5-2x24", "mixed5-3x16")
CASES = (
    *(Case(net, 3) for net in FIVE),
    *(Case(net, 6) for net in FIVE),
    Case("mixed10-2x32", 2),
    Case("mixed5-3x8", 8, "production"),
    Case("mixed5-2x24", 8, "production"),
)
QUICK = (Case("mixed5-1x24", 1), Case("mixed5-1x24", 1, "production"))


def main() -> None:
    """Run the campaign and print its tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    groups = unique(case.group for case in CASES)
    add = parser.add_argument
    add("--only", nargs="+", choices=groups, default=groups, help="groups of instances")
    add("--nets", nargs="+", default=[], metavar="NAME", help="only these nets (all)")
    add_settings(parser, MODELS / "higher")
    add_peers(parser)
    args = parser.parse_args()
    what = campaign_of(parser, args, QUICK if args.quick else chosen(parser, args))
    peers, missing = installed(args.peers)
    headings = {AUTO: "auto", PLAIN: "bigm"} | {name: PEERS[name].name for name in peers}

    runs = list(run_campaign(what, list(headings)))

    for group in unique(run.group for run in runs):
        print_table(times_table(group, runs, headings, what="net"))
    print_table(auto_faster(runs, headings))
    print_table(against_the_best(runs, headings))
    print_table(gaps_table(runs, headings))
    print_table(first_table(runs))
    optima, complaints = optima_table(what, runs)
    print_table(optima)
    for name in missing:
        print(not_installed(name))
    print(machine(versions_of(peers)))
    if complaints:
        sys.exit("DISAGREEMENT\n" + "\n".join(complaints))


def chosen(parser: argparse.ArgumentParser, args: argparse.Namespace) -> list[Case]:
    """The cases that `--only` and `--nets` leave."""
    known = unique(case.net for case in CASES)
    unknown = [net for net in args.nets if net not in known]
    if unknown:
        parser.error(f"no instance has the net {unknown[0]!r}; choose from {', '.join(known)}")
    nets = args.nets or known
    found = [case for case in CASES if case.group in args.only and case.net in nets]
    if not found:
        parser.error("--only and --nets leave no instance")
    return found


def gaps_table(runs: Sequence[Run], headings: Mapping[str, str]) -> Table:
    """Per instance and solver the largest gap at the end."""
    rows = []
    for group, row in dict.fromkeys((run.group, run.row) for run in runs):
        here = [run for run in runs if (run.group, run.row) == (group, row)]
        cells = (gap_cell([run for run in here if run.solver == s]) for s in headings)
        rows.append((group, row, *cells))
    note = "|objective - bound| / |objective| when the solve ended, the largest of the seeds, in %."
    return Table("Final gap, %", ("", "net", *headings.values()), tuple(rows), (note,), keys=2)


def first_table(runs: Sequence[Run]) -> Table:
    """When `auto` had its first solution, and how it ended."""
    rows = []
    for group, row in dict.fromkeys((run.group, run.row) for run in runs):
        here = [r for r in runs if (r.group, r.row, r.solver) == (group, row, AUTO)]
        first = [run.outcome.answer.first for run in here]
        known = [seconds for seconds in first if seconds is not None]
        latest = digits(max(known)) if len(known) == len(first) else "-"
        rows.append((group, row, latest, ", ".join(unique(r.outcome.answer.note for r in here))))
    note = "Seconds from the start, the latest of the seeds; - where the search does not say."
    columns = ("", "net", "first solution", "how")
    return Table("When auto had a solution", columns, tuple(rows), (note,), keys=2)


if __name__ == "__main__":
    main()
