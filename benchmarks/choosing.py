"""Seconds to choose from a large study: a made-up one, so that only the choice is measured.

    python benchmarks/choosing.py [--layouts 24] [--recipes 3] [--encodings 4] [--restarts 10]
        [--seeds 3] [--rounds 5]

Every net of every layout and recipe is solved under every encoding with every seed, and regrets are
known. Printed are the numbers of rows and the median seconds of `recommend`, the frames in memory.
"""

from __future__ import annotations

import argparse
import statistics
from itertools import product
from time import perf_counter

import numpy as np
import pandas as pd
from comparing import machine

from surrogate.choosing import recommend


def frames(args: argparse.Namespace) -> tuple[pd.DataFrame, pd.DataFrame, list[str]]:
    """Nets and solves with random figures, and the layouts."""
    rng = np.random.default_rng(0)
    layouts = [f"1x{i + 1}" for i in range(args.layouts)]
    names = [
        [f"{kind}{i}" for i in range(n)] for kind, n in (("r", args.recipes), ("e", args.encodings))
    ]
    keys = list(product(layouts, names[0], range(args.restarts)))
    nets = pd.DataFrame(keys, columns=["layout", "recipe", "restart"])
    error = rng.lognormal(size=len(nets))
    nets = nets.assign(mae=error, mse=error**2, max_error=5 * error, training_mae=error, dead=False)
    nets = nets.assign(active=0, inactive=0, unstable=24)
    solved = [(*key, e, s) for key, e, s in product(keys, names[1], range(args.seeds))]
    solves = pd.DataFrame(
        solved, columns=["layout", "recipe", "restart", "encoding", "solver_seed"]
    )
    known = ("variables", "binaries", "constraints", "largest_m", "build_seconds", "nodes")
    solves = solves.assign(**dict.fromkeys((*known, "iterations"), 1.0), audit_error=0.0)
    solves = solves.assign(sense="minimize", status="optimal", audit_passed=True, boundary=False)
    for name in ("solve_seconds", "regret", "violation", "decision_error"):
        solves[name] = rng.lognormal(size=len(solves)) * 0.01
    solves = solves.assign(maximize=False, optimum=1.0, true_objective=1.0)
    solves["repaired"] = 1.0 + solves["regret"]
    return nets, solves, layouts


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


if __name__ == "__main__":
    main()
