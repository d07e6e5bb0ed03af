"""What HiGHS's feasibility tolerances cost, and how large they leave the audit error.

    python benchmarks/tolerances.py [--seeds 2] [--layouts 1x24 3x8 8x3 12x2]

OMLT's big-M on nets of 24 neurons with Glorot-uniform weights times 1.5 or 3, on [-1, 1]^2 and
[-10, 10]^2: the output is minimised and maximised, and two linked copies are minimised. The ratio
is HiGHS's time against its own default tolerances, in this run; a time limit counts as its limit.
"""

from __future__ import annotations

import argparse
import warnings
from itertools import pairwise

import numpy as np
import pyomo.environ as pyo

from surrogate.box import Box
from surrogate.embedding import BigMWarning, Embedding, embed
from surrogate.layouts import layout_widths
from surrogate.network import Network
from surrogate.solving import Option, solve

TIME_LIMIT = 10.0
SETTINGS: dict[str, dict[str, Option]] = {
    f"mip {mip:g}, primal {primal:g}": {
        "mip_feasibility_tolerance": mip,
        "primal_feasibility_tolerance": primal,
    }
    for mip, primal in ((1e-6, 1e-7), (1e-9, 1e-7), (1e-6, 1e-9), (1e-9, 1e-9))
}


def random_net(layout: str, seed: int, scale: float, half_width: float) -> Network:
    """Glorot-uniform weights times `scale`, biases uniform in [-0.3, 0.3] times the half-width."""
    rng = np.random.default_rng(seed)
    sizes = (2, *layout_widths(layout), 1)
    weights = tuple(
        rng.uniform(-scale, scale, (i, o)) * np.sqrt(6 / (i + o)) for i, o in pairwise(sizes)
    )
    biases = tuple(rng.uniform(-0.3, 0.3, o) * half_width for o in sizes[1:])
    return Network(weights, biases, Box.of([(-half_width, half_width)] * 2))


def single(net: Network, sign: int) -> tuple[pyo.ConcreteModel, list[Embedding]]:
    """Minimise `sign` times the output over the box."""
    m = pyo.ConcreteModel()
    m.x = pyo.Var(range(2))
    m.net = pyo.Block()
    emb = embed(m.net, net, m.x)
    m.objective = pyo.Objective(expr=sign * emb.outputs[0])
    return m, [emb]


def linked(net: Network, seed: int, copies: int = 2) -> tuple[pyo.ConcreteModel, list[Embedding]]:
    """Minimise sum_t w_t net(x_t) under three random linear constraints."""
    rng = np.random.default_rng(seed)
    m = pyo.ConcreteModel()
    m.x = pyo.Var(range(copies), range(2))
    m.net = pyo.Block(range(copies))
    embs = [embed(m.net[t], net, [m.x[t, 0], m.x[t, 1]]) for t in range(copies)]
    w = rng.uniform(0.5, 1.5, copies) * rng.choice([-1, 1], copies)
    rows = rng.uniform(-1, 1, (2, 2 * copies))
    x = list(m.x.values())
    m.rows = pyo.Constraint(
        range(2), rule=lambda _, i: sum(a * v for a, v in zip(rows[i], x, strict=True)) <= 0.2
    )
    m.tie = pyo.Constraint(expr=sum(rng.uniform(0.3, 1) * v for v in x) == 0.3)
    m.objective = pyo.Objective(expr=sum(w[t] * embs[t].outputs[0] for t in range(copies)))
    return m, embs


def measure(
    layout: str, scale: float, half_width: float, seeds: int, options: dict[str, Option]
) -> tuple[float, float, list[float]]:
    """HiGHS's seconds over all problems of one family, the largest M, and the audit errors."""
    seconds, largest_m, errors = 0.0, 0.0, []
    for seed in range(seeds):
        net = random_net(layout, seed, scale, half_width)
        for model, embs in (single(net, 1), single(net, -1), linked(net, seed)):
            solution = solve(model, time_limit=TIME_LIMIT, options=options)
            seconds += solution.solver_seconds
            largest_m = max(largest_m, *(e.activations.largest_m for e in embs))
            if solution.has_solution:
                errors.append(max(e.audit().error for e in embs))
    return seconds, largest_m, errors


def main() -> None:
    """Print one row per family of nets and setting."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--layouts", nargs="+", default=["1x24", "3x8", "8x3", "12x2"])
    args = parser.parse_args()
    warnings.simplefilter("ignore", BigMWarning)  # large M is what is measured here
    print(f"{'nets':<20}{'setting':<26}{'solved':>7}{'M':>9}{'max error':>11}{'time ratio':>12}")
    for scale, half_width in ((1.5, 1.0), (3.0, 1.0), (1.5, 10.0)):
        for layout in args.layouts:
            default = None
            for name, options in SETTINGS.items():
                seconds, m, errors = measure(layout, scale, half_width, args.seeds, options)
                default = default or seconds
                print(
                    f"{layout:>5} x{scale:<4g} +-{half_width:<8g}{name:<26}{len(errors):>7}"
                    f"{m:>9.3g}{max(errors, default=np.nan):>11.1e}{seconds / default:>12.2f}",
                    flush=True,
                )


if __name__ == "__main__":
    main()
