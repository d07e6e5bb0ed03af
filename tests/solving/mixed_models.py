"""Random models around several networks, the same for every encoding."""

from dataclasses import dataclass

import numpy as np
import pyomo.environ as pyo
from hypothesis import strategies as st

from surrogate.embedding import embed
from tests.nets import make_net

FEATURES = (
    "ties",  # an equality row over all inputs
    "rows",  # inequalities and a range over inputs and outputs
    "output rows",  # several outputs in a row and in the objective
    "integers",  # of the user, one of them with bounds that are no integers
    "profit",  # free variables that equality rows define, one of which is the objective
    "output bounds",
    "given outputs",  # the user's own variables for the outputs
    "shared",  # an input variable that belongs to two networks
    "fixed",  # a fixed input
    "singletons",  # rows of one variable
    "maximize",
    "offset",
)
feature_sets = st.sets(st.sampled_from(FEATURES), max_size=6).map(lambda s: tuple(sorted(s)))


@dataclass(frozen=True)
class Made:
    """A model, and its embeddings."""

    model: pyo.ConcreteModel
    embeddings: tuple


def coefficients(rng, n):
    """Random numbers with two digits, so that models are easy to read."""
    return np.round(rng.uniform(-1.0, 1.0, n), 2).tolist()


def dot(numbers, variables):
    return sum(c * v for c, v in zip(numbers, variables, strict=True))


def random_model(seed, nets, features, encoding, bounds=None):
    """A model with one copy of each of the nets; the same numbers for every encoding."""
    rng, m = np.random.default_rng(seed), pyo.ConcreteModel()
    m.rows = pyo.ConstraintList()
    inputs = []
    for t, net in enumerate(nets):
        x = pyo.Var(range(net.n_inputs), bounds=dict(enumerate(net.box.pairs())))
        m.add_component(f"x{t}", x)
        inputs.append(list(x.values()))
    if "shared" in features and len(nets) > 1:
        inputs[1][0] = inputs[0][0]
    m.net = pyo.Block(range(len(nets)))
    embeddings = []
    for t, net in enumerate(nets):
        ys = None
        if "given outputs" in features:
            m.net[t].y = pyo.Var(range(net.n_outputs), bounds=(-40, 40))
            ys = m.net[t].y
        embeddings.append(
            embed(m.net[t], net, inputs[t], outputs=ys, encoding=encoding, bounds=bounds)
        )
    outputs = [emb.outputs for emb in embeddings]
    _add(m, rng, inputs, outputs, nets, features)
    return Made(m, tuple(embeddings))


def _add(m, rng, inputs, outputs, nets, features):
    """Everything that is no network."""
    x = [v for some in inputs for v in some]
    first, y = [ys[0] for ys in outputs], [v for ys in outputs for v in ys]
    u = rng.uniform([v.lb for v in x], [v.ub for v in x])
    cost = dot(coefficients(rng, len(first)), first) + dot(coefficients(rng, len(x)), x) * 0.3
    middle = [net(np.array([[0.5 * v.lb + 0.5 * v.ub for v in some]]))[0]
              for net, some in zip(nets, inputs, strict=True)]  # fmt: skip
    if "ties" in features:
        c = coefficients(rng, len(x))
        m.rows.add(dot(c, x) == float(np.round(np.dot(c, u), 3)))
    if "rows" in features:
        c = coefficients(rng, len(x))
        m.rows.add(dot(c, x) - 0.2 * first[0] <= float(np.dot(c, u)) + 0.3)
        m.rows.add(pyo.inequality(-0.8, dot(coefficients(rng, len(x)), x), 0.6))
    if "output rows" in features:
        c = coefficients(rng, len(y))
        m.rows.add(dot(c, y) <= float(np.dot(c, np.concatenate(middle))) + 0.2)
        cost = cost + dot(coefficients(rng, len(y)), y)
    if "integers" in features:
        m.n = pyo.Var(range(2), domain=pyo.Integers, bounds={0: (0, 3), 1: (-0.5, 2.5)})
        m.rows.add(m.n[0] + 0.7 * x[0] + 0.4 * first[-1] >= 0.9)
        m.rows.add(m.n[1] - m.n[0] - 0.5 * x[-1] >= -1.3)
        cost = cost + 0.6 * m.n[0] - 0.35 * m.n[1]
    if "output bounds" in features:
        outputs[0][0].setlb(float(np.round(middle[0][0] - 0.5, 2)))
        outputs[-1][-1].setub(float(np.round(middle[-1][-1] + 0.4, 2)))
    if "fixed" in features:
        x[1].fix(float(np.round(u[1], 2)))
    if "singletons" in features:
        m.rows.add(-2.0 * x[0] <= float(-2.0 * x[0].lb - 0.3 * (x[0].ub - x[0].lb)))
        m.rows.add(first[0] >= float(np.round(middle[0][0] - 0.7, 2)))
    if "profit" in features:
        m.income, m.profit = pyo.Var(), pyo.Var()
        m.rows.add(m.income == 2.0 * first[0] + x[-1])
        m.rows.add(m.profit - m.income + cost == 0.1)
        cost = m.profit
    if "offset" in features:
        cost = cost + 3.25
    sense = pyo.maximize if "maximize" in features else pyo.minimize
    m.objective = pyo.Objective(expr=cost, sense=sense)


def without_hints(model):
    """The same model, of which `solve` knows nothing: HiGHS alone solves it."""
    for block in model.block_data_objects():
        if hasattr(block, "solver_hints"):
            del block.solver_hints
    return model


def two_nets(seed, n_inputs=4, n_outputs=2, widths=((5, 4), (6,)), half_width=1.0):
    """Two different nets with the same box."""
    return [make_net(w, n_inputs, n_outputs, seed + k, half_width) for k, w in enumerate(widths)]
