"""The audit: what it compares, what it finds, and what it refuses to look at."""

import pyomo.environ as pyo
import pytest

from surrogate.embedding import embed
from surrogate.encodings import ENCODINGS
from surrogate.errors import AuditError
from surrogate.solving import solve
from tests.embedding.models import model_of
from tests.nets import make_net, net_of


@pytest.fixture
def solved(net):
    """A solved model with the embedded net."""
    m = model_of()
    emb = embed(m.net, net, m.x, encoding="omlt")
    m.objective = pyo.Objective(expr=emb.outputs[0])
    solve(m)
    return m, emb


def test_audit_of_a_true_solution(solved, net):
    m, emb = solved
    audit = emb.audit()
    assert audit.error == max(audit.output_error, audit.activation_error) <= 1e-9
    assert audit.pattern_matches
    assert audit.inputs.tolist() == [m.x[0].value, m.x[1].value]
    assert audit.expected == pytest.approx(net([audit.inputs])[0])
    assert audit.outputs[0] == emb.outputs[0].value


def test_audit_sees_a_wrong_output(solved):
    _, emb = solved
    emb.outputs[0].set_value(emb.outputs[0].value + 1e-4)
    assert emb.audit().output_error == pytest.approx(1e-4, abs=1e-9)
    assert emb.audit().activation_error < 1e-9
    assert emb.audit().error == emb.audit().output_error


def test_audit_sees_a_wrong_activation(solved):
    _, emb = solved
    z = emb.activations.post[1][2]
    z.set_value(z.value + 1e-3, skip_validation=True)
    assert emb.audit().activation_error == pytest.approx(1e-3, abs=1e-9)
    assert emb.audit().error == emb.audit().activation_error


def test_audit_sees_a_wrong_binary(solved, net):
    _, emb = solved
    hidden = net.preactivations([emb.audit().inputs])[:-1]
    k, j = next((k, j) for k in range(2) for j in range(3) if abs(hidden[k][0, j]) > 1e-3)
    q = emb.activations.binary[k][j]
    q.set_value(1 - round(q.value))
    assert not emb.audit().pattern_matches


def test_a_binary_may_be_either_at_a_kink():
    net = net_of([[[1.0]], [[1.0]]], [[0.0], [0.0]], [(-1, 1)])
    m = model_of(n=1)
    emb = embed(m.net, net, m.x, encoding="omlt")
    m.objective = pyo.Objective(expr=emb.outputs[0])
    m.x[0].fix(0.0)
    solve(m)
    for q in (0, 1):
        emb.activations.binary[0][0].set_value(q)
        assert emb.audit().pattern_matches


def test_inputs_outside_the_box_are_not_clipped(solved):
    _, emb = solved
    emb.inputs[0].set_value(1.5, skip_validation=True)
    assert emb.audit().inputs[0] == 1.5


def test_no_solution_no_audit(net):
    m = model_of()
    m.x.set_values({0: 0.0, 1: 0.0})
    emb = embed(m.net, net, m.x)
    with pytest.raises(AuditError, match="solve the model first"):
        emb.audit()


def test_a_new_embedding_has_no_values_to_audit():
    # OMLT starts its variables at 0, and 0 = net(0) here: without clearing, a perfect audit.
    net = net_of([[[1.0]]], [[0.0]], [(-1, 1)])
    m = model_of(n=1)
    m.x[0].set_value(0.0)
    emb = embed(m.net, net, m.x)
    with pytest.raises(AuditError, match="has no value"):
        emb.audit()


def test_an_old_solution_is_not_audited(solved):
    m, emb = solved
    m.impossible = pyo.Constraint(expr=emb.outputs[0] >= 1e6)
    assert not solve(m).has_solution
    with pytest.raises(AuditError, match="has no value; solve the model first"):
        emb.audit()


def test_an_embedding_that_the_solve_left_out_is_not_audited(solved):
    m, emb = solved
    m.net.deactivate()
    m.objective.deactivate()
    m.other = pyo.Objective(expr=m.x[0] + m.x[1])
    solve(m)
    with pytest.raises(AuditError, match="has no value; solve the model first"):
        emb.audit()


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("part", ["pre", "post", "binary", "inputs", "outputs"])
@pytest.mark.parametrize("wrong", [0.25, float("nan")])
def test_the_audit_finds_any_value_that_is_not_the_networks(part, wrong, encoding):
    _, embedding = solved_model(encoding)
    where = {
        "inputs": embedding.inputs,
        "outputs": embedding.outputs,
        "pre": embedding.activations.pre[1],
        "post": embedding.activations.post[1],
        "binary": embedding.activations.binary[0],
    }[part]
    assert embedding.audit().passed
    for variable in where:
        if variable is None:
            continue
        before = variable.value
        value = 1 - round(before) if part == "binary" else before + wrong
        variable.set_value(value, skip_validation=True)
        assert not embedding.audit().passed, (part, variable.name)
        variable.set_value(before, skip_validation=True)
    assert embedding.audit().passed


def solved_model(encoding):
    """A 2x3 net with every neuron well away from its kink."""
    model = pyo.ConcreteModel()
    model.x = pyo.Var(range(2), bounds=(-1, 1))
    model.net = pyo.Block()
    embedding = embed(model.net, make_net((3, 3), seed=11), model.x, encoding=encoding)
    model.x[0].fix(0.31)
    model.x[1].fix(-0.47)
    model.objective = pyo.Objective(expr=embedding.outputs[0])
    assert solve(model).has_solution
    return model, embedding
