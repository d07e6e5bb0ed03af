"""The user's own problem: what a right file gives, and what a wrong one is told."""

import sys
from textwrap import dedent

import numpy as np
import pytest

from surrogate.errors import InputError
from surrogate.problems import load_problem
from surrogate.solving import solve
from tests.nets import make_net

BUILD = """\
import pyomo.environ as pyo

def build(surrogate):
    m = pyo.ConcreteModel()
    m.x = pyo.Var([0, 1], bounds=(-1, 1))
    m.net = pyo.Block()
    (y,) = surrogate(m.net, m.x)
    m.total = pyo.Constraint(expr=m.x[0] + m.x[1] >= 0.5)
    m.objective = pyo.Objective(expr=y)
    return m
"""
TRUTH = """
def truth(x):
    return x[0] * x[1]
"""


@pytest.fixture
def written(tmp_path):
    def write(*parts):
        path = tmp_path / "plant.py"
        path.write_text("".join(dedent(part) for part in parts))
        return path

    return write


def test_a_file_with_build_and_truth_is_built_solved_and_evaluated(written, net):
    problem = load_problem(written(BUILD, TRUTH, "\noptimum = -0.5\n"))
    assert (problem.name, problem.sense, problem.optimum, problem.scale) == (
        "plant", "minimize", -0.5, 0.5
    )  # fmt: skip
    assert problem.functions == ()
    built = problem.build(net)
    solution = solve(built.model)
    evaluation = problem.evaluate(built)
    x, y = (built.model.x[i].value for i in (0, 1))
    assert evaluation.claimed == pytest.approx(solution.objective)
    assert evaluation.true == evaluation.repaired == pytest.approx(x * y)
    assert problem.regret(evaluation) == pytest.approx((x * y + 0.5) / 0.5)


def test_an_optimum_of_0_needs_a_scale(written):
    problem = load_problem(written(BUILD, TRUTH, "\noptimum = 0.0\nscale = 2\n"))
    assert (problem.optimum, problem.scale) == (0.0, 2.0)
    assert load_problem(written(BUILD)).scale is None


def test_without_a_truth_only_the_claim_is_known(written, net):
    problem = load_problem(written(BUILD))
    built = problem.build(net)
    solve(built.model)
    evaluation = problem.evaluate(built)
    assert evaluation.true is evaluation.repaired is None
    assert problem.regret(evaluation) is None


def test_a_box_says_where_the_truth_may_be_asked(written):
    problem = load_problem(written(BUILD, TRUTH, "\nbox = [(-1, 1), (0, 2)]\n"))
    assert problem.box.pairs() == [(-1, 1), (0, 2)]
    assert problem.truth(np.array([[0.5, 1.0], [-1.0, 2.0]])).tolist() == [[0.5], [-2.0]]
    with pytest.raises(InputError, match="has 3 inputs"):
        problem.build(make_net((2,), n_inputs=3))


def test_a_truth_of_two_outputs_gives_two_numbers(written):
    problem = load_problem(written(BUILD, "\ndef truth(x):\n    return [x[0], x[1] ** 2]\n"))
    built = problem.build(make_net((3,), n_outputs=1))
    solve(built.model)
    with pytest.raises(InputError, match=r"has shape \(1, 2\)"):
        problem.evaluate(built)


def test_a_truth_returns_as_many_numbers_everywhere(written):
    path = written(BUILD, "\ndef truth(x):\n    return [1.0] * (1 + int(x[0] > 0))\n")
    problem = load_problem(path)
    with pytest.raises(InputError, match=r"truth returned 1 numbers at .* and 2 at"):
        problem.truth(np.array([[-1.0], [1.0]]))


def test_a_truth_is_not_asked_when_its_file_is_read(written, net):
    path = written(BUILD, "\ndef truth(x):\n    raise ValueError\nbox = [(-1, 1)] * 2\n")
    assert load_problem(path).build(net)


def test_the_file_may_import_its_neighbours_and_hold_dataclasses(written, net):
    path = written(
        """\
        from __future__ import annotations
        from dataclasses import dataclass
        import neighbour_of_plant

        @dataclass
        class Plant:
            factor: float

        """,
        BUILD,
        "\ndef truth(x):\n    return neighbour_of_plant.twice(Plant(x[0]).factor)\n",
    )
    (path.parent / "neighbour_of_plant.py").write_text("def twice(x):\n    return 2 * x\n")
    problem = load_problem(path)
    built = problem.build(net)
    solve(built.model)
    assert problem.evaluate(built).true == pytest.approx(2 * built.model.x[0].value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("def build(surrogate)\n    pass\n", r"plant\.py, line 1: expected ':'"),
        ("x = 1\n\ny = 1 / 0\n", r"plant\.py, line 3: ZeroDivisionError: division by zero"),
        ("import sys\nsys.exit(3)\n", r"plant\.py, line 2: SystemExit: 3"),
        ("import no_such_module\n", r"plant\.py, line 1: ModuleNotFoundError: No module named"),
        ("x = '\0'\n", r"plant\.py.*null bytes"),
        ("x = 1\n", r"plant\.py has no function build; define build\(surrogate\)"),
        ("build = 3\n", r"plant\.py has no function build"),
        (BUILD + "truth = 3\n", r"plant\.py has no function truth; define truth\(x\)"),
        (BUILD + "sense = 'max'\n", r"plant\.py: sense is 'max'; choose"),
        (BUILD + "optimum = 'low'\n", r"plant\.py: optimum is 'low'; give a finite number"),
        (BUILD + "optimum = float('nan')\n", r"plant\.py: optimum is nan"),
        (BUILD + "optimum = 0\n", r"plant\.py: optimum is 0, .*add the line scale = "),
        (BUILD + "scale = 0\n", r"plant\.py: scale is 0; give a number above 0"),
        (BUILD + TRUTH + "box = [(1, -1)]\n", r"plant\.py: box: input 0 has lower bound 1 above"),
    ],
)
def test_a_file_that_cannot_be_used_is_told_where(written, text, message):
    with pytest.raises(InputError, match=message) as refused:
        load_problem(written(text))
    assert refused.value.__cause__ is None


def test_a_missing_file_and_a_folder_are_told(tmp_path):
    with pytest.raises(InputError, match=r"nowhere\.py cannot be read \(No such file"):
        load_problem(tmp_path / "nowhere.py")
    with pytest.raises(InputError, match="cannot be read"):
        load_problem(tmp_path)


def building(*lines):
    return BUILD.replace("    return m\n", "".join(f"    {line}\n" for line in lines))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (building("raise KeyError('k')"), r"plant\.py, line 10: build raised KeyError: 'k'"),
        (building("m.no = pyo.nothing"), r"plant\.py, line 10: build raised AttributeError"),
        (building("return None"), r"line 3: build returned NoneType, not a Pyomo ConcreteModel"),
        (building("return m.net"), r"line 3: build returned ScalarBlock"),
        (building("return pyo.ConcreteModel()"), r"line 3: .*block 'net', which is not in the mod"),
        (building("del m.objective", "return m"), r"line 3: .* has 0 active objectives"),
        (BUILD + "sense = 'maximize'\n", r"line 3: the file's sense is 'maximize'"),
        (BUILD.replace("(surrogate)", "()", 1), r"plant\.py, line 3: build raised TypeError"),
        (
            BUILD.replace("(y,) = surrogate(m.net, m.x)", "y = m.x[0]"),
            r"line 3: build does not use the surrogate",
        ),
        (
            BUILD.replace("(m.net, m.x)", "(m.net, [m.x[0]])"),
            r"line 7: build raised EmbeddingError: 1 input variables given, the network has 2",
        ),
    ],
)
def test_a_build_that_goes_wrong_is_told_where(written, net, text, message):
    problem = load_problem(written(text))
    with pytest.raises(InputError, match=message):
        problem.build(net)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("return x[0] / 0 * float('nan')", r"line 12: truth returned nan at \("),
        ("return None", r"line 12: truth returned (None|nan) at \("),
        ("return 'much'", r"line 12: truth returned 'much' at \(.*return a finite number"),
        ("raise ValueError('no steam')", r"line 13: truth raised ValueError: no steam"),
        ("return x[5]", r"line 13: truth raised IndexError"),
    ],
)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # of numpy: their 1 / 0
def test_a_truth_that_goes_wrong_is_told_where(written, net, body, message):
    problem = load_problem(written(BUILD, f"\ndef truth(x):\n    {body}\n"))
    built = problem.build(net)
    solve(built.model)
    with pytest.raises(InputError, match=message):
        problem.evaluate(built)


SECOND = "m.more = pyo.Block(); (z,) = surrogate(m.more, [m.x[0], y])"  # y is its input


@pytest.mark.parametrize(
    ("lines", "unused"),
    [
        (["m.objective.expr = m.x[0]"], "net"),
        (["m.objective.expr = 1.0", "m.low = pyo.Constraint(expr=y <= 1)"], None),
        (
            ["m.objective.expr = 1.0", "m.low = pyo.Constraint(expr=y <= 1)", "m.low.deactivate()"],
            "net",
        ),
        ([SECOND], "more"),
        ([SECOND, "m.objective.expr = z"], None),
    ],
)
def test_a_copy_whose_outputs_nobody_uses_is_told(written, lines, unused):
    text = building(*lines, "return m")
    problem = load_problem(written(text))
    built = problem.build(make_net((2,)))
    if unused is None:
        problem.check_used(built)
    else:
        with pytest.raises(InputError, match=rf"plant\.py, line 3: build uses no .*'{unused}'"):
            problem.check_used(built)
    active = [copy.block.surrogate.active for copy in built.embeddings]
    assert all(active)


def test_an_unbounded_variable_of_the_objective_is_named(written, net):
    text = building("m.more = pyo.Var()", "m.objective.expr += 2 * m.more - m.x[0]", "return m")
    problem = load_problem(written(text))
    built = problem.build(net)
    solution = solve(built.model)
    with pytest.raises(
        InputError, match=r"line 3: the solve of 'plant' ended .*variables more fin"
    ):
        problem.check_bounded(built, solution)


def test_only_the_side_that_improves_the_objective_needs_a_bound(written, net):
    text = building(
        "m.up, m.down = pyo.Var(bounds=(0, None)), pyo.Var(bounds=(None, 0))",
        "m.low, m.objective.expr = pyo.Var(bounds=(None, 0)), y + m.up - m.down",
        "m.objective.expr += 3 * m.low",
        "return m",
    )
    problem = load_problem(written(text))
    built = problem.build(net)
    with pytest.raises(InputError, match="give the variables low finite bounds"):
        problem.check_bounded(built, solve(built.model))


def test_a_bounded_model_passes(written, net):
    problem = load_problem(written(BUILD))
    built = problem.build(net)
    problem.check_bounded(built, solve(built.model))


def test_the_search_path_of_modules_is_as_it_was(written):
    before = list(sys.path)
    load_problem(written(BUILD))
    assert sys.path == before
    with pytest.raises(InputError):
        load_problem(written("raise ValueError"))
    assert sys.path == before
