"""Small models with known answers, and one that no solver finishes."""

import subprocess
import sys
import textwrap

import numpy as np
import pyomo.environ as pyo


def knapsack():
    """max 3 x + 2 y + z, x + y + z <= 2: optimum 5."""
    m = pyo.ConcreteModel()
    m.x, m.y, m.z = (pyo.Var(domain=pyo.Binary) for _ in range(3))
    m.rows = pyo.ConstraintList()
    m.rows.add(m.x + m.y + m.z <= 2)
    m.objective = pyo.Objective(expr=3 * m.x + 2 * m.y + m.z, sense=pyo.maximize)
    return m


def market_split(n=40, rows=5):
    """Equality knapsacks (Cornuejols, Dawande 1998): hopeless for branch and bound."""
    rng = np.random.default_rng(0)
    a = rng.integers(0, 100, (rows, n))
    m = pyo.ConcreteModel()
    m.x = pyo.Var(range(n), domain=pyo.Binary)
    m.s = pyo.Var(range(rows), bounds=(0, None))
    m.t = pyo.Var(range(rows), bounds=(0, None))
    m.rows = pyo.Constraint(
        range(rows),
        rule=lambda m, i: (
            sum(int(a[i, j]) * m.x[j] for j in range(n)) + m.s[i] - m.t[i] == int(a[i].sum() // 2)
        ),
    )
    m.objective = pyo.Objective(expr=sum(m.s.values()) + sum(m.t.values()))
    return m


def values(m):
    return [v.value for v in m.component_data_objects(pyo.Var)]


def in_new_process(code):
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, check=False
    )
    return done.stdout + done.stderr
