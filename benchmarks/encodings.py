"""Every encoding on the same linked problems: times, ratios to OMLT, and whether they agree.

    python benchmarks/encodings.py

T copies of one net of models/ under three linear rows (surrogate.problems.linked), encoded in every
way that surrogate knows, and solved by HiGHS. Each solve is one fresh process, one thread, with
everything imported before the clock starts; bounds, region enumeration, building, translating and
solving are inside. `omlt` here is OMLT's formulation in our `embed` and `solve`: peers.py has OMLT
by itself. `auto` says in the last table what it chose.

Exit code 1 when two encodings contradict each other, or the network. Progress goes to stderr. The
whole run takes many hours; restrict it with --layouts, --copies, --encodings, or try --quick.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from comparing import Run, machine, ratio_table, times_table, unique
from linked_runs import add_arguments, campaign, optima_table, run_campaign
from linked_solves import OWN

from surrogate.encodings import ENCODINGS
from surrogate.report import Table, print_table

LAYOUTS = ("1x24", "2x12", "3x8", "4x6", "6x4", "8x3", "12x2", "24x1")
BASELINE = "omlt"


def main() -> None:
    """Run the campaign and print its tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add_arguments(parser, LAYOUTS, (1, 2, 4, 8))
    known = [*ENCODINGS, "auto"]
    parser.add_argument(
        "--encodings",
        nargs="+",
        choices=known,
        default=known,
        metavar="NAME",
        help=f"which ({', '.join(known)}; default: all)",
    )
    args = parser.parse_args()
    what = campaign(parser, args)
    headings = {f"{OWN}{name}": name for name in unique(args.encodings)}

    runs = list(run_campaign(what, list(headings)))

    for group in unique(run.group for run in runs):
        print_table(times_table(group, runs, headings))
    if BASELINE in headings.values() and len(headings) > 1:
        columns = [(name, s, f"{OWN}{BASELINE}") for s, name in headings.items()]
        note = "Ratios of shifted geometric means over layouts and seeds, where both were timed."
        print_table(
            ratio_table(
                f"Times faster than {BASELINE}",
                runs,
                [column for column in columns if column[0] != BASELINE],
                [note],
            )
        )
    optima, complaints = optima_table(what, runs)
    print_table(optima)
    if "auto" in headings.values():
        print_table(choices_table(runs))
    print(machine(["surrogate", "highspy", "omlt", "pyomo", "numpy"]))
    if complaints:
        sys.exit("DISAGREEMENT\n" + "\n".join(complaints))


def choices_table(runs: Sequence[Run]) -> Table:
    """What `auto` chose, per layout and T."""
    own = [run for run in runs if run.solver == f"{OWN}auto"]
    groups = unique(run.group for run in own)
    rows = []
    for row in unique(run.row for run in own):
        cells = []
        for group in groups:
            notes = [r.outcome.answer.note for r in own if (r.row, r.group) == (row, group)]
            cells.append(", ".join(unique(notes)))
        rows.append((row, *cells))
    return Table("What auto chose", ("layout", *groups), tuple(rows))


if __name__ == "__main__":
    main()
