"""Seconds to build a model: OMLT's own build against surrogate's, on a large net and on copies.

    python benchmarks/building.py [NET.onnx] [--encoding bigm] [--bounds interval] [--rounds 5]

(a) OMLT: `OmltBlock.build_formulation(ReluBigMFormulation(net))` per copy, with OMLT's own bounds;
(b) surrogate's formulation in the same place, with its bounds computed once, inside the clock;
(c) `embed` per copy, which also checks, and links the block to variables of the model: the same
    bounds, and these variables, inside the clock.

Each is timed twice: the build, and the build with the model's translation to the arrays that a
solver takes. Our rows make their Pyomo expressions only when they are asked for, which a solver's
other interfaces do; ours to HiGHS does not.

Two models: one copy of NET.onnx, over its own box or [-1, 1]^d (without NET: random weights in the
shape of ACAS Xu, 5 inputs, 6 layers of 50, 5 outputs), and 8 copies of models/3x8.onnx. All in one
process and in turn, (a) (b) (c) (a) (b) (c) ..., after one round that does not count; each build
has weights of its own, so that no cache of an earlier one helps. Nothing is solved.
"""

from __future__ import annotations

import argparse
import gc
import statistics
import warnings
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import pyomo.environ as pyo
from comparing import machine, progress
from linked_runs import MODELS
from omlt import OmltBlock
from omlt_models import omlt_copies

from surrogate.bounds import METHODS, compute_bounds
from surrogate.box import Box, FloatArray
from surrogate.embedding import BigMWarning, embed
from surrogate.encodings import ENCODINGS
from surrogate.errors import SurrogateError
from surrogate.network import Network
from surrogate.onnx_files import load
from surrogate.report import Table, print_table
from surrogate.report.table import digits
from surrogate.solving.hints import hints_in
from surrogate.solving.translating import translate

ACAS = (5, *[50] * 6, 5)
COPIES = 8


def main() -> None:
    """Print the table of seconds and ratios."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("net", nargs="?", type=Path, metavar="NET.onnx", help="default: random, in ACAS Xu's shape")
    add("--encoding", choices=list(ENCODINGS), default="bigm", help="(default: %(default)s)")
    add("--bounds", choices=list(METHODS), default="interval", help="(default: %(default)s)")
    add("--rounds", type=int, default=5, metavar="N", help="rounds that count (%(default)s)")
    add("--quick", action="store_true", help="one round, on a net of 2 layers of 10: a trial run")
    args = parser.parse_args()
    if args.rounds < 1:
        parser.error(f"--rounds is {args.rounds}; give at least 1")
    rounds = 1 if args.quick else args.rounds
    try:
        large = _large_net(args.net, (5, 10, 10, 5) if args.quick else ACAS)
        linked = load(MODELS / "3x8.onnx")
    except SurrogateError as error:
        parser.error(str(error))
    warnings.simplefilter("ignore", BigMWarning)  # nothing is solved
    rows = []
    for name, net, copies in (
        (args.net.stem if args.net else f"random 5 - {large.layout} - 5", large, 1),
        (f"{COPIES} copies of 3x8", linked, COPIES),
    ):
        rows += compared(name, net, copies, rounds, args.encoding, args.bounds)
    columns = ("model", "build", "minimum s", "median s", "times faster: minimum", "median",
               "with arrays: median s", "times faster")  # fmt: skip
    print_table(Table("Seconds to build", columns, tuple(rows), (f"{rounds} rounds",), keys=2))
    print(machine(["surrogate", "omlt", "pyomo", "numpy"]))


def _large_net(path: Path | None, sizes: Sequence[int]) -> Network:
    """The net of the file, with a box; without a file, random He-uniform weights."""
    if path is not None:
        net = load(path)
        return replace(net, box=net.box or Box.of([(-1.0, 1.0)] * net.n_inputs))
    rng = np.random.default_rng(0)
    return Network(
        tuple(rng.uniform(-1.0, 1.0, shape) * np.sqrt(6 / shape[0]) for shape in pairwise(sizes)),
        tuple(rng.uniform(-0.1, 0.1, size) for size in sizes[1:]),
        Box.of([(-1.0, 1.0)] * sizes[0]),
    )


def compared(
    name: str, net: Network, copies: int, rounds: int, encoding: str, method: str
) -> list[tuple[str, ...]]:
    """The rows of one model: OMLT, the formulation alone, `embed`."""
    builds: dict[str, Callable[[Network], Any]] = {
        "OMLT": lambda net: omlt_copies(net, net.domain(), copies),
        encoding: lambda net: _formulated(net, copies, encoding, method),
        f"embed, {encoding}": lambda net: _embedded(net, copies, encoding, method),
    }
    seconds: dict[str, list[tuple[float, float]]] = {build: [] for build in builds}
    for r in range(rounds + 1):
        for i, (build, make) in enumerate(builds.items()):
            # Another network every time, alike in all that costs time.
            shift = 1e-3 * (1 + i + len(builds) * r)
            changed = replace(net, biases=(*net.biases[:-1], net.biases[-1] + shift))
            seconds[build].append(_timed(make, changed))
        progress(f"{name}: round {r} of {rounds}")
    figures = {build: _figures(np.array(times[1:])) for build, times in seconds.items()}
    omlt = figures["OMLT"]
    return [
        (name, build, digits(low), digits(mid), f"{omlt[0] / low:.1f}x", f"{omlt[1] / mid:.1f}x",
         digits(arrays), f"{omlt[2] / arrays:.1f}x")
        for build, (low, mid, arrays) in figures.items()
    ]  # fmt: skip


def _figures(times: FloatArray) -> tuple[float, float, float]:
    """Minimum and median of the build, median with the arrays; from rows of both."""
    build, arrays = times.T
    return float(build.min()), statistics.median(build), statistics.median(arrays)


def _timed(make: Callable[[Network], Any], net: Network) -> tuple[float, float]:
    gc.collect()  # nobody pays for the model of the build before
    start = perf_counter()
    model = make(net)
    built = perf_counter() - start
    model.objective = pyo.Objective(expr=0.0)
    start = perf_counter()
    translate(model, hints_in(model).known)
    return built, built + perf_counter() - start


def _formulated(net: Network, copies: int, encoding: str, method: str) -> Any:
    """`copies` formulations in bare OMLT blocks."""
    bounds = compute_bounds(net, method=method)
    model = pyo.ConcreteModel()
    model.net = OmltBlock(range(copies))
    for t in range(copies):
        model.net[t].build_formulation(ENCODINGS[encoding](net, bounds))
    return model


def _embedded(net: Network, copies: int, encoding: str, method: str) -> Any:
    """`copies` embeddings in one model."""
    pairs = dict(enumerate(net.domain().pairs()))
    bounds = compute_bounds(net, method=method)
    model = pyo.ConcreteModel()
    model.x = pyo.Var(range(copies), pairs, bounds=lambda _m, _t, i: pairs[i])
    model.net = pyo.Block(range(copies))
    for t in range(copies):
        inputs = [model.x[t, i] for i in pairs]
        embed(model.net[t], net, inputs, encoding=encoding, bounds=bounds)
    return model


if __name__ == "__main__":
    main()
