"""What every problem keeps to, whoever it is: one suite over all of `PROBLEMS`."""

import numpy as np
import pyomo.environ as pyo
import pytest

from surrogate.conventions import PROBLEM_NETWORKS
from surrogate.errors import InputError
from surrogate.network import Network
from surrogate.problems import PROBLEMS, Surrogate, over_box, problem_named
from surrogate.solving import solve
from tests.problems.fitted import networks_for

MANY_COPIES = ("adhya1", "bental5")  # more than a test can wait for: built, not solved


def built(name, neurons=4):
    problem = PROBLEMS[name]
    return problem, problem.build(*networks_for(problem, neurons), validity="box")


@pytest.fixture(scope="module", params=[name for name in PROBLEMS if name not in MANY_COPIES])
def solved(request):
    problem, model = built(request.param)
    solution = solve(model.model, rel_gap=1e-3, time_limit=60)
    assert solution.has_solution
    return problem, model, solution


def test_the_names_are_those_of_the_table():
    known = [(name, problem.n_surrogates) for name, problem in PROBLEMS.items()]
    assert known == list(PROBLEM_NETWORKS.items())


@pytest.mark.parametrize("name", PROBLEMS)
def test_it_is_what_it_says(name):
    problem = PROBLEMS[name]
    assert problem.name == name
    assert problem.title
    assert (problem.optimum is None) == (problem.scale is None) == (problem.source == "")
    assert bool(problem.functions) != (problem.table is not None)


@pytest.mark.parametrize("name", PROBLEMS)
def test_every_surrogate_is_in_the_model_and_the_objective_has_the_sense(name):
    problem, built_ = built(name)
    assert len(built_.surrogates) == max(1, len(problem.functions))
    for surrogate in built_.surrogates:
        assert surrogate.embeddings
        assert all(e.block.model() is built_.model for e in surrogate.embeddings)
    (objective,) = built_.model.component_data_objects(pyo.Objective, active=True)
    assert objective.sense == getattr(pyo, problem.sense)


@pytest.mark.parametrize("name", PROBLEMS)
def test_the_networks_see_no_input_outside_their_functions_box(name):
    problem, built_ = built(name)
    for function, surrogate in zip(problem.functions, built_.surrogates, strict=False):
        for embedding in surrogate.embeddings:
            for variable, (low, high) in zip(embedding.inputs, function.box.pairs(), strict=True):
                assert low <= variable.lb <= variable.ub <= high


def test_a_decision_is_claimed_evaluated_and_repaired(solved):
    problem, built_, solution = solved
    evaluation = problem.evaluate(built_)
    assert evaluation.claimed == pytest.approx(solution.objective, rel=1e-6, abs=1e-6)
    if problem.table is not None:
        assert evaluation.true is evaluation.repaired is evaluation.violation is None
        assert problem.regret(evaluation) is None
        return
    assert evaluation.violation >= 0
    assert evaluation.error > 0
    if evaluation.violation <= 1e-6:  # what remains can be solved again, and not for worse
        sign = 1 if problem.sense == "minimize" else -1
        assert sign * evaluation.repaired <= sign * evaluation.true + 1e-4
    assert problem.regret(evaluation) >= -1e-6


def test_evaluating_leaves_the_model_as_it_was(solved):
    problem, built_, _ = solved
    model = built_.model
    values = {v.name: v.value for v in model.component_data_objects(pyo.Var)}
    active = [c.name for c in model.component_data_objects(pyo.Constraint, active=True)]
    assert problem.evaluate(built_) == problem.evaluate(built_)
    assert {v.name: v.value for v in model.component_data_objects(pyo.Var)} == values
    assert [c.name for c in model.component_data_objects(pyo.Constraint, active=True)] == active
    assert all(e.audit().passed for s in built_.surrogates for e in s.embeddings)


@pytest.mark.parametrize("name", PROBLEMS)
def test_networks_that_do_not_fit_are_refused(name):
    problem = PROBLEMS[name]
    networks = networks_for(problem, 2)
    with pytest.raises(InputError, match=rf"takes {len(networks)} networks.*got 0"):
        problem.build()
    first = networks[0]
    wide = Network((np.zeros((9, 2)), first.weights[1]), (np.zeros(2), first.biases[1]))
    with pytest.raises(InputError, match="has 9 inputs"):
        problem.build(wide, *networks[1:], validity="box")


def test_without_a_solution_there_is_nothing_to_evaluate():
    problem, built_ = built("peaks")
    with pytest.raises(InputError, match="no solution to evaluate"):
        problem.evaluate(built_)


def test_encoding_and_bounds_reach_every_copy():
    problem = PROBLEMS["linked"]
    built_ = problem.build(*networks_for(problem, 4), encoding="bigm", bounds="crown")
    copies = built_.surrogates[0].embeddings
    assert [copy.encoding for copy in copies] == ["bigm"] * 4
    assert {copy.bounds.method for copy in copies} == {"crown"}


def test_another_validity_than_the_box_is_handed_on(monkeypatch, net):
    seen = []
    monkeypatch.setattr("surrogate.problems.problem.embed", lambda *_, **o: seen.append(o))
    Surrogate(net).embed(None, None)
    Surrogate(net, validity="hull").embed(None, None)
    assert "validity" not in seen[0]
    assert seen[1]["validity"] == "hull"


def test_the_reformer_keeps_to_the_hull_unless_told_otherwise(monkeypatch):
    reformer, seen = PROBLEMS["reformer"], []
    assert reformer.validity == "hull"
    (network,) = networks_for(reformer, 2)
    box = reformer.build(network, validity="box").surrogates[0]

    def embedded(*_, **options):
        seen.append(options.get("validity", "box"))
        return box.embeddings[0]

    monkeypatch.setattr("surrogate.problems.problem.embed", embedded)
    reformer.build(network)
    reformer.build(network, validity="box")
    assert seen == ["hull", "box"]
    assert {p.validity for p in PROBLEMS.values() if p.name != "reformer"} == {"box"}


@pytest.mark.parametrize("sense", ["minimize", "maximize"])
def test_over_a_box_the_end_of_the_range_is_the_optimum(sense):
    problem = over_box(PROBLEMS["peaks"].functions[0], sense)
    built_ = problem.build(*networks_for(problem, 24))
    solve(built_.model)
    evaluation = problem.evaluate(built_)
    x = np.array([[built_.model.x[0].value, built_.model.x[1].value]])
    true = problem.functions[0](x)[0, 0]
    assert evaluation.true == evaluation.repaired == pytest.approx(true, abs=1e-9)
    ends = {"minimize": true + 6.551134, "maximize": 8.106214 - true}
    assert problem.regret(evaluation) == pytest.approx(ends[sense] / 14.657348, rel=1e-6)


def test_another_sense_is_refused():
    with pytest.raises(InputError, match="'min'; choose 'minimize'"):
        over_box(PROBLEMS["peaks"].functions[0], "min")


def test_an_unknown_problem_is_refused_with_the_known_ones():
    with pytest.raises(InputError, match=r"'haverly4' is unknown.*peaks, .*haverly1, "):
        problem_named("haverly4")
