"""`auto` against the peers: which of them there are, and the tables that compare."""

from __future__ import annotations

import argparse
import math
from collections.abc import Mapping, Sequence

from comparing import Run, mean_seconds, progress, ratio_table, unique
from linked_solves import OWN
from peer_models import PEERS

from surrogate.report import Table
from surrogate.report.table import digits

AUTO = f"{OWN}auto"


def add_peers(parser: argparse.ArgumentParser) -> None:
    """The option `--peers`."""
    parser.add_argument(
        "--peers",
        nargs="+",
        choices=list(PEERS),
        default=["omlt", "scip-sos", "gurobi"],
        help="which peers (default: omlt scip-sos gurobi)",
    )


def installed(names: Sequence[str]) -> tuple[list[str], list[str]]:
    """The peers that are installed, and those that are not, which the progress tells."""
    missing = [name for name in unique(names) if not PEERS[name].installed]
    for name in missing:
        progress(not_installed(name) + " It is left out.")
    return [name for name in unique(names) if name not in missing], missing


def not_installed(name: str) -> str:
    """What to do about it."""
    return f'{PEERS[name].name}: not installed; pip install -e ".[peers]"'


def versions_of(peers: Sequence[str]) -> list[str]:
    """The distributions to print under the tables."""
    return ["surrogate", "highspy", "pyomo", *(v for p in peers for v in PEERS[p].versions)]


def auto_faster(runs: Sequence[Run], headings: Mapping[str, str]) -> Table:
    """How many times faster `auto` is than each peer, per group and over all."""
    return ratio_table(
        "auto is faster by",
        runs,
        [(name, AUTO, peer) for peer, name in headings.items() if peer != AUTO],
        ["Ratios of shifted geometric means over rows and seeds, where both were timed."],
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
