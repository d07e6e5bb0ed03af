"""Several copies of a net in one model, linked by rows, against brute force over their regions."""

from functools import lru_cache

import pyomo.environ as pyo
import pytest

from surrogate.box import Box
from surrogate.embedding import embed
from surrogate.encodings import ENCODINGS
from surrogate.problems import linked_problem
from surrogate.problems.linked import linked_data
from surrogate.solving import Status, solve
from tests.nets import make_net
from tests.oracles import linked_minimum, range_of

pytestmark = pytest.mark.parametrize("encoding", [*ENCODINGS, "auto"])


@lru_cache
def instance(seed, copies):
    net = make_net((3, 2) if copies < 3 else (2,), seed=seed)
    return net, linked_minimum(net, copies, linked_data(net.box, copies, seed))


@pytest.mark.parametrize(("seed", "copies"), [(0, 2), (1, 2), (2, 3), (3, 3)])
def test_linked_copies(encoding, seed, copies):
    net, expected = instance(seed, copies)
    assert expected is not None
    problem = linked_problem(net, copies, seed, encoding)
    for sense in (pyo.minimize, pyo.maximize):
        problem.model.objective.sense = sense
        solution = solve(problem.model, rel_gap=0.0)
        assert solution.status is Status.OPTIMAL
        assert max(emb.audit().error for emb in problem.embeddings) <= 1e-6
        if sense == pyo.minimize:
            assert solution.objective == pytest.approx(expected, abs=1e-5)
            assert solution.bound == pytest.approx(expected, abs=1e-5)
            audits = [emb.audit() for emb in problem.embeddings]
            values = [audit.objective for audit in audits]
            assert values == pytest.approx([solution.objective] * copies, rel=1e-12)
            fixed = [audit.fixed_objective for audit in audits]
            assert fixed == pytest.approx([expected] * copies, abs=1e-5)


def test_copies_that_cannot_be_linked(encoding):
    net, _ = instance(0, 2)
    problem = linked_problem(net, 2, 0, encoding)
    problem.model.no = pyo.Constraint(expr=sum(problem.model.x.values()) >= 4.1)
    solution = solve(problem.model)
    assert (solution.status, solution.objective) == (Status.INFEASIBLE, None)


def test_different_nets_in_one_model(encoding):
    nets = [make_net((3, 2), seed=2), make_net((4,), seed=3)]
    model = pyo.ConcreteModel()
    model.x = pyo.Var(range(2), range(2), bounds=(-1, 1))
    model.net = pyo.Block(range(2))
    other = "omlt" if encoding == "auto" else encoding  # auto beside another encoding
    embs = [
        embed(model.net[t], net, [model.x[t, 0], model.x[t, 1]], encoding=name)
        for t, (net, name) in enumerate(zip(nets, (encoding, other), strict=True))
    ]
    model.objective = pyo.Objective(expr=embs[0].outputs[0] - embs[1].outputs[0])
    expected = range_of(nets[0], nets[0].box)[0] - range_of(nets[1], nets[1].box)[1]
    assert solve(model, rel_gap=0.0).objective == pytest.approx(expected, abs=1e-5)
    assert all(emb.audit().passed for emb in embs)


def test_a_net_of_a_net(encoding):
    inner, outer = make_net((3,), seed=2), make_net((3,), n_inputs=1, seed=3, half_width=10.0)
    model = pyo.ConcreteModel()
    model.x = pyo.Var(range(2), bounds=(-1, 1))
    model.first, model.second = pyo.Block(), pyo.Block()
    first = embed(model.first, inner, model.x, encoding=encoding)
    second = embed(model.second, outer, list(first.outputs), encoding=encoding)
    model.objective = pyo.Objective(expr=second.outputs[0])
    low, high = range_of(inner, inner.box)
    expected = range_of(outer, Box.of([(low, high)]))[0]
    assert solve(model, rel_gap=0.0).objective == pytest.approx(expected, abs=1e-5)
    assert first.audit().passed
    assert second.audit().passed
