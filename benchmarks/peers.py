"""`auto` against every peer on the same linked problems: times, ratios, and whether they agree.

    pip install -e ".[peers]" && python benchmarks/peers.py [--problem chain]

T copies of one net of 24 neurons under three linear rows (surrogate.problems.linked), in a chain
each with an input that is the next one's, solved by

    auto       surrogate, encoding "auto", HiGHS
    omlt       OMLT's own big-M in Pyomo, HiGHS with its default options
    scip-sos   PySCIPOpt-ML's default formulation, SCIP          (scip-bigm: its big-M)
    gurobi     gurobi-machinelearning, Gurobi with the limited licence that comes with its package

Each solve is one fresh process with everything imported before the clock starts; bounds, region
enumeration, building, translating and solving are inside. One thread, the same gap, limit and seeds
for all. A peer that is not installed is left out, and so is a problem that Gurobi's limited licence
(2,000 variables, 2,000 constraints) refuses. Exit code 1 when two solvers contradict each other.
Progress goes to stderr. The whole run takes up to 2 hours; --quick takes seconds.
"""

from __future__ import annotations

import argparse
import sys

from against_peers import (
    AUTO,
    add_peers,
    against_the_best,
    auto_faster,
    installed,
    not_installed,
    versions_of,
)
from comparing import machine, times_table, unique
from linked_runs import add_arguments, campaign, optima_table, run_campaign
from peer_models import PEERS

from surrogate.report import print_table

LAYOUTS = ("1x24", "2x12", "3x8", "4x6", "6x4")


def main() -> None:
    """Run the campaign and print its tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add_arguments(parser, LAYOUTS, (4, 8))
    add_peers(parser)
    args = parser.parse_args()
    what = campaign(parser, args)
    peers, missing = installed(args.peers)
    headings = {AUTO: "auto"} | {name: PEERS[name].name for name in peers}

    runs = list(run_campaign(what, list(headings)))

    for group in unique(run.group for run in runs):
        print_table(times_table(group, runs, headings))
    if peers:
        print_table(auto_faster(runs, headings))
        print_table(against_the_best(runs, headings))
    optima, complaints = optima_table(what, runs)
    print_table(optima)
    for name in missing:
        print(not_installed(name))
    print(machine(versions_of(peers)))
    if complaints:
        sys.exit("DISAGREEMENT\n" + "\n".join(complaints))


if __name__ == "__main__":
    main()
