"""Models around one embedded net."""

import pyomo.environ as pyo

from surrogate.embedding import embed
from surrogate.solving import Status, solve


def embedded(net, encoding, box=None, bounds=None):
    """A model whose objective is the sum of the net's outputs."""
    model = pyo.ConcreteModel()
    pairs = (box or net.box).pairs()
    model.x = pyo.Var(range(net.n_inputs), bounds=dict(enumerate(pairs)))
    model.net = pyo.Block()
    emb = embed(model.net, net, model.x, encoding=encoding, bounds=bounds)
    model.objective = pyo.Objective(expr=sum(emb.outputs))
    return model, emb


def extremes(model):
    """Minimum and maximum of the model's objective, each proved."""
    values = []
    for sense in (pyo.minimize, pyo.maximize):
        model.objective.sense = sense
        solution = solve(model, rel_gap=0.0)
        assert solution.status is Status.OPTIMAL
        values.append(solution.objective)
    return values
