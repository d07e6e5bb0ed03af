"""`auto` against every peer on the same linked problems: times, ratios, and whether they agree.

    pip install -e ".[peers]" && python benchmarks/peers.py

T copies of one net of 24 neurons under three linear rows (surrogate.problems.linked), solved by

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
import math
import sys
from collections.abc import Mapping, Sequence

from comparing import Run, machine, mean_seconds, progress, ratio_table, times_table, unique
from linked_runs import add_arguments, campaign, optima_table, run_campaign
from linked_solves import OWN
from peer_models import PEERS

from surrogate.report import Table, print_table
from surrogate.report.table import digits

AUTO = f"{OWN}auto"
LAYOUTS = ("1x24", "2x12", "3x8", "4x6", "6x4")


def main() -> None:
    """Run the campaign and print its tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add_arguments(parser, LAYOUTS, (4, 8))
    parser.add_argument(
        "--peers",
        nargs="+",
        choices=list(PEERS),
        default=["omlt", "scip-sos", "gurobi"],
        help="which peers (default: omlt scip-sos gurobi)",
    )
    args = parser.parse_args()
    what = campaign(parser, args)
    missing = [name for name in args.peers if not PEERS[name].installed]
    for name in missing:
        progress(f'{PEERS[name].name} is not installed and left out: pip install -e ".[peers]"')
    peers = [name for name in unique(args.peers) if name not in missing]
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
        print(f'{PEERS[name].name}: not installed; pip install -e ".[peers]"')
    versions = ["surrogate", "highspy", "pyomo", *(v for p in peers for v in PEERS[p].versions)]
    print(machine(versions))
    if complaints:
        sys.exit("DISAGREEMENT\n" + "\n".join(complaints))


def auto_faster(runs: Sequence[Run], headings: Mapping[str, str]) -> Table:
    """How many times faster `auto` is than each peer, per T and over all."""
    return ratio_table(
        "auto is faster by",
        runs,
        [(name, AUTO, peer) for peer, name in headings.items() if peer != AUTO],
        ["Ratios of shifted geometric means over layouts and seeds, where both were timed."],
    )


def against_the_best(runs: Sequence[Run], headings: Mapping[str, str]) -> Table:
    """Per instance, `auto` and the fastest peer; the largest loss in a note."""
    rows, losses = [], []
    for group, row in dict.fromkeys((run.group, run.row) for run in runs):
        here = [run for run in runs if (run.group, run.row) == (group, row)]
        means = {s: mean_seconds(r for r in here if r.solver == s) for s in headings}
        seconds = {s: mean for s, mean in means.items() if not math.isnan(mean)}
        own = seconds.pop(AUTO, math.inf)
        if not seconds:
            continue
        best = min(seconds, key=lambda s: seconds[s])
        losses.append((own - seconds[best], f"{group}, {row}: {headings[best]}"))
        ended = any(r.solver == best and r.outcome.answer.status == "optimal" for r in here)
        peer = (digits(seconds[best]), headings[best] if ended else "none within the limit")
        rows.append((group, row, digits(own), *peer, f"{losses[-1][0]:+.2f}"))
    worst, where = max(losses, default=(0.0, "nothing was timed"))
    note = (
        f"auto is slower than the fastest peer by at most {worst:.2f} s ({where})"
        if worst > 0
        else f"auto is slower nowhere; its smallest lead is {abs(worst):.2f} s ({where})"
    )
    columns = ("", "layout", "auto", "fastest peer", "which", "auto - peer, s")
    return Table("auto against the fastest peer, s", columns, tuple(rows), (note,), keys=2)


if __name__ == "__main__":
    main()
