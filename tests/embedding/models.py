"""Models around one embedded net."""

import pyomo.environ as pyo

from surrogate.solving import solve


def model_of(bounds=(-1, 1), n=2):
    m = pyo.ConcreteModel()
    m.x = pyo.Var(range(n), bounds=bounds)
    m.net = pyo.Block()
    return m


def minimum(m, emb, output=0):
    m.objective = pyo.Objective(expr=emb.outputs[output])
    solution = solve(m, rel_gap=0.0)
    m.del_component("objective")
    return solution.objective
