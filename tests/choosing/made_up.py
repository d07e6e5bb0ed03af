"""Made-up frames of a store, as `surrogate.study.rows` describes them, whose answers are known."""

import pandas as pd

from surrogate import choosing

LAYOUTS = ("1x24", "3x8", "4x6")
MAES = {
    "1x24": [4.0, 4.1, 4.2, 4.3],
    "3x8": [1.0, 1.1, 1.2, 1.3],
    "4x6": [2.0, 2.1, 2.2, 2.3],
}
SECONDS = {"1x24": 1.0, "3x8": 20.0, "4x6": 5.0}


def nets(maes, dead=(), recipe="origin"):
    """One row per restart: `maes[layout]` are test errors, equal to the training errors."""
    rows = [
        {
            "layout": layout,
            "recipe": recipe,
            "restart": restart,
            "mae": mae,
            "mse": mae**2,
            "max_error": 5 * mae,
            "training_mae": mae,
            "dead": layout in dead,
            "active": 1,
            "inactive": 2,
            "unstable": 21,
            "seconds": 0.5,
        }
        for layout, values in maes.items()
        for restart, mae in enumerate(values)
    ]
    return pd.DataFrame(rows)


def solves(frame, seconds, status="optimal", passed=True):
    """Both directions and three seeds for the best and the median net of every layout."""
    rows = [
        solve(
            layout,
            restart,
            sense=sense,
            solver_seed=seed,
            encoding="omlt",
            status=status,
            solve_seconds=seconds[layout] * (1, 1.1, 1.6)[seed] / 2,
            nodes=10 * (seed + 1),
            iterations=100 * (1, 2, 6)[seed],
            audit_error=1e-9 * (seed + 1),
            audit_passed=passed,
        )
        for layout in dict.fromkeys(frame["layout"])
        for restart in choosing.roles(choosing.ranked(frame, layout, "origin")).values()
        for sense in ("minimize", "maximize")
        for seed in range(3)
    ]
    return pd.DataFrame(rows)


def solve(layout, restart, **figures):
    """One solve of a problem; nothing is known of the truth unless `figures` says so."""
    return {
        "layout": layout,
        "recipe": "origin",
        "restart": restart,
        "sense": "minimize",
        "solver_seed": 0,
        "encoding": "auto",
        "status": "optimal",
        "variables": 100,
        "binaries": 24,
        "constraints": 150,
        "largest_m": 7.0,
        "build_seconds": 0.1,
        "solve_seconds": 1.0,
        "nodes": 10,
        "iterations": 100,
        "audit_error": 1e-9,
        "audit_passed": True,
        "maximize": None,
        "optimum": None,
        "true_objective": None,
        "violation": None,
        "repaired": None,
        "regret": None,
        "decision_error": None,
        "boundary": None,
        **figures,
    }


def worth(values, seconds, *, maximize, optimum=None):
    """A problem with a truth: `values[layout]` has per restart what its decision is worth repaired.

    None: decided, and no repair makes it feasible. "nothing": stopped without a decision. With an
    optimum there are regrets too, relative to it.
    """
    sign = -1 if maximize else 1
    rows = []
    for layout, column in values.items():
        for restart, value in enumerate(column):
            known = {"true_objective": 1.0, "violation": 0.1, "decision_error": 0.01}
            if value == "nothing":
                known = {"status": "time_limit_no_solution", "audit_passed": None}
            elif value is not None:
                known["repaired"] = value
                if optimum is not None:
                    known["regret"] = sign * (value - optimum) / abs(optimum)
            figures = {"maximize": maximize, "optimum": optimum, "solve_seconds": seconds[layout]}
            rows.append(solve(layout, restart, **figures, **known))
    return pd.DataFrame(rows)


def decided(regrets, seconds, encoding="auto", recipe="origin"):
    """A problem solved once for every restart: `regrets[layout]` has one per restart.

    None: stopped at the time limit without a solution. "failed": the task crashed. Absent (the list
    is too short): not yet run.
    """
    known = {"violation": 1e-3, "decision_error": 1e-2, "boundary": False}
    unknown = {"audit_passed": None, "audit_error": None}
    rows = []
    for layout, values in regrets.items():
        for restart, regret in enumerate(values):
            match regret:
                case "failed":
                    figures = {"status": "failed", "solve_seconds": None, **unknown}
                case None:
                    figures = {"status": "time_limit_no_solution", **unknown}
                case _:
                    figures = {"regret": regret, **known}
            time = {"solve_seconds": seconds[layout], "encoding": encoding, "recipe": recipe}
            rows.append(solve(layout, restart, **{**time, **figures}))
    return pd.DataFrame(rows)
