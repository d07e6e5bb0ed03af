"""Seconds to choose from a large study: a made-up one, so that only the choice is measured.

    python benchmarks/choosing.py [--layouts 24] [--recipes 3] [--encodings 4] [--restarts 10]
        [--seeds 3] [--rounds 5]

Every net of every layout and recipe is solved under every encoding with every seed, and regrets are
known. Printed are the numbers of rows and the median seconds of `recommend`, the frames in memory;
then the seconds of whole processes, round by round side by side: `surrogate choose` on the same
rows in a folder, `surrogate --help`, and, as a measure of the machine, the import of pandas.
"""

from __future__ import annotations

import argparse
import os
import sqlite3
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import closing
from itertools import product
from pathlib import Path
from time import perf_counter

import numpy as np
import pandas as pd
from comparing import machine

from surrogate.choosing import recommend
from surrogate.conventions import ENCODING_NAMES
from surrogate.study import Study
from surrogate.study.environment import Environment
from surrogate.study.store import Store

_RECIPES = ("origin", "best")


def frames(args: argparse.Namespace) -> tuple[pd.DataFrame, pd.DataFrame, list[str]]:
    """Nets and solves with random figures, and the layouts."""
    rng = np.random.default_rng(0)
    layouts = [f"1x{i + 1}" for i in range(args.layouts)]
    recipes = _named(_RECIPES, args.recipes)
    keys = list(product(layouts, recipes, range(args.restarts)))
    nets = pd.DataFrame(keys, columns=["layout", "recipe", "restart"])
    error = rng.lognormal(size=len(nets))
    nets = nets.assign(mae=error, mse=error**2, max_error=5 * error, training_mae=error, dead=False)
    nets = nets.assign(active=0, inactive=0, unstable=24)
    encodings = _named(ENCODING_NAMES, args.encodings)
    solved = [(*key, e, s) for key, e, s in product(keys, encodings, range(args.seeds))]
    solves = pd.DataFrame(
        solved, columns=["layout", "recipe", "restart", "encoding", "solver_seed"]
    )
    known = ("variables", "binaries", "constraints", "largest_m", "build_seconds", "nodes")
    solves = solves.assign(**dict.fromkeys((*known, "iterations"), 1.0), audit_error=0.0)
    solves = solves.assign(sense="decide", status="optimal", audit_passed=True, boundary=False)
    for name in ("solve_seconds", "regret", "violation", "decision_error"):
        solves[name] = rng.lognormal(size=len(solves)) * 0.01
    solves = solves.assign(maximize=False, optimum=1.0, true_objective=1.0)
    solves["repaired"] = 1.0 + solves["regret"]
    return nets, solves, layouts


def _named(known: Sequence[str], count: int) -> list[str]:
    """The first names, and made-up ones when there are more."""
    return [known[i] if i < len(known) else f"other{i}" for i in range(count)]


def stored(folder: Path, nets: pd.DataFrame, solves: pd.DataFrame, layouts: list[str]) -> None:
    """A results folder with these rows, at once: a run that adds them one by one takes minutes."""
    study = Study(
        problem="haverly1",
        layouts=layouts,
        recipes=[name for name in _RECIPES if name in set(nets["recipe"])],
        neurons=len(layouts),
        restarts=int(nets["restart"].nunique()),
        solver_seeds=sorted(int(seed) for seed in solves["solver_seed"].unique()),
        encodings=[name for name in ENCODING_NAMES if name in set(solves["encoding"])],
    )
    with closing(Store.create(folder, study)) as made:
        made.record_environment(Environment.current(1))
    rest = {
        "surrogate": "",
        "file": "",
        "content_hash": "",
        "onnxruntime_error": 0.0,
        "seconds": 1.0,
    }
    nets = nets.assign(**rest, curve="[]", environment=1)
    solves = solves.assign(message="", environment=1)
    with closing(sqlite3.connect(folder / "results.sqlite")) as database:
        nets.to_sql("nets", database, if_exists="append", index=False)
        solves.to_sql("solves", database, if_exists="append", index=False)


def seconds_of(command: Sequence[str]) -> tuple[float, float]:
    """Wall clock and CPU of a fresh Python."""
    before, start = os.times(), perf_counter()
    subprocess.run([sys.executable, *command], stdout=subprocess.DEVNULL, check=True)
    wall, after = perf_counter() - start, os.times()
    spent = (after.children_user - before.children_user) + (
        after.children_system - before.children_system
    )
    return wall, spent


def print_processes(folder: Path, rounds: int) -> None:
    """The table of whole processes."""
    commands = {
        "surrogate choose": ["-m", "surrogate", "choose", str(folder)],
        "surrogate --help": ["-m", "surrogate", "--help"],
        "import pandas": ["-c", "import pandas"],
    }
    taken = [{name: seconds_of(c) for name, c in commands.items()} for _ in range(rounds + 1)]
    print("\nprocess           seconds    CPU  x import pandas")
    for name in commands:
        wall, cpu = (statistics.median(one[name][k] for one in taken[1:]) for k in (0, 1))
        ratio = statistics.median(one[name][1] / one["import pandas"][1] for one in taken[1:])
        print(f"{name:16} {wall:8.2f} {cpu:6.2f}  {ratio:15.2f}")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    sizes = {"layouts": 24, "recipes": 3, "encodings": 4, "restarts": 10, "seeds": 3, "rounds": 5}
    for name, default in sizes.items():
        parser.add_argument(f"--{name}", type=int, default=default)
    args = parser.parse_args()
    nets, solves, layouts = frames(args)
    seconds = []
    for _ in range(args.rounds + 1):  # the first does not count
        start = perf_counter()
        recommend(nets, solves, layouts)
        seconds.append(perf_counter() - start)
    architectures = args.layouts * args.recipes * args.encodings
    print(f"{machine(['numpy', 'pandas'])}\n\narchitectures    nets  solves  seconds to choose")
    print(f"{architectures:13} {len(nets):7} {len(solves):7}  {statistics.median(seconds[1:]):.2f}")
    with tempfile.TemporaryDirectory() as folder:
        stored(Path(folder), nets, solves, layouts)
        print_processes(Path(folder), args.rounds)


if __name__ == "__main__":
    main()
