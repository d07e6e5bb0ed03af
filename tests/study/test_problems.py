"""A study around a problem: what its rows say is what one gets by hand, and mistakes come early."""

import math
import shutil
from contextlib import closing
from dataclasses import fields, replace

import numpy as np
import pandas as pd
import pytest

from surrogate.box import Box
from surrogate.choosing import candidates
from surrogate.errors import InputError, StoreError, StudyError
from surrogate.network import Network
from surrogate.onnx_files import load, save
from surrogate.problems import PROBLEMS, load_problem
from surrogate.report import report_tables
from surrogate.report.page import render_page
from surrogate.solving import solve
from surrogate.study import Results, Study, run
from surrogate.study.deciding import solve_problem
from surrogate.study.environment import Environment
from surrogate.study.rows import NetRow, RefineRow, SolveTask
from surrogate.study.store import Store
from surrogate.study.subject import subject_of
from surrogate.validity import Hull

OWN = """
import pyomo.environ as pyo

def build(surrogate):
    m = pyo.ConcreteModel()
    m.x = pyo.Var([0, 1], bounds=(-1, 1))
    m.net = pyo.Block()
    (y,) = surrogate(m.net, m.x)
    m.total = pyo.Constraint(expr=m.x[0] + m.x[1] >= 0.5)
    m.objective = pyo.Objective(expr=y)
    return m

def truth(x):
    return x[0] * x[1]

box = [(-1, 1), (-1, 1)]
optimum = -0.5
"""
SMALL = {
    "neurons": 4,
    "layouts": ["1x4", "2x2"],
    "samples": 300,
    "restarts": 3,
    "recipes": ["best"],
    "solver_seeds": [0, 1],
    "encodings": ["auto", "omlt"],
}


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    folder = tmp_path_factory.mktemp("own")
    (folder / "own.py").write_text(OWN)
    return Study(problem="own.py", **SMALL).beside(folder)


@pytest.fixture(scope="module")
def results(study, tmp_path_factory):
    return run(study, tmp_path_factory.mktemp("runs") / "own", workers=2, refine=2)


def test_every_restart_is_solved_once_and_the_best_and_median_with_every_seed(results):
    assert results.complete
    assert not results.failures
    solves = results.solves
    first, second = (solves[solves["solver_seed"] == seed] for seed in (0, 1))
    assert len(first) == 2 * 3 * 2
    assert len(second) == 2 * 2 * 2
    assert set(solves["encoding"]) == {"auto", "omlt"}
    assert set(solves["sense"]) == {"decide"}


def test_a_row_is_what_the_problem_says_of_its_net(results, study):
    row = results.solves.iloc[0]
    (path,) = results.net_paths(row["layout"], row["recipe"], row["restart"])
    net = load(path)
    problem = load_problem(study.problem)
    built = problem.build(net, encoding=row["encoding"])
    assert solve(built.model, seed=int(row["solver_seed"])).has_solution
    x = [built.model.x[i].value for i in (0, 1)]
    assert row["objective"] == pytest.approx(net(np.array([x])).item(), abs=1e-9)
    assert row["true_objective"] == pytest.approx(x[0] * x[1], abs=1e-9)
    assert row["decision_error"] == pytest.approx(abs(row["objective"] - x[0] * x[1]), abs=1e-9)
    assert row["regret"] == pytest.approx((x[0] * x[1] + 0.5) / 0.5, abs=1e-9)
    assert row["violation"] == pytest.approx(0.0, abs=1e-9)
    assert row["audit_passed"]
    assert (row["maximize"], row["optimum"], row["repaired"]) == (0, -0.5, row["true_objective"])
    assert not row["boundary"]  # the model's own bounds are those of the box


def solved(folder, net, sense="decide", **values):
    """The row of a network that is given, not trained."""
    save(net, folder / "net.onnx")
    study = Study(**{"restarts": 1, **values}).beside(folder)
    given = load(folder / "net.onnx")
    paths, hashes = (folder / "net.onnx",), (given.content_hash,)
    task = SolveTask(study, "1x1", "best", 0, paths, hashes, sense, 0, "auto")
    return solve_problem(task, lambda _: None)


def rising(hull=None):
    """x0 + x1 on the box [-1, 1]^2."""
    weights = (np.ones((2, 1)), np.ones((1, 1)))
    return Network(weights, (np.full(1, 2.0), np.full(1, -2.0)), BOX, hull=hull)


BOX = Box.of([(-1, 1), (-1, 1)])
DISC = Hull.of([(np.cos(a), np.sin(a)) for a in np.arange(8) * np.pi / 4])


@pytest.mark.parametrize(("own", "limited"), [("(-1, 1)", False), ("(-2, 1)", True)])
def test_a_decision_is_on_the_boundary_where_the_data_stop_it(tmp_path, own, limited):
    text = OWN.replace("bounds=(-1, 1)", f"bounds={own}").replace(">= 0.5", "<= 0.5")
    (tmp_path / "own.py").write_text(text)
    assert solved(tmp_path, rising(), problem="own.py").boundary is limited


def test_a_row_has_the_sense_of_its_problem_and_the_optimum_where_one_is_stated(tmp_path):
    text = OWN.replace("expr=y)", "expr=y, sense=pyo.maximize)").replace("optimum =", "sense =")
    (tmp_path / "own.py").write_text(text.replace("-0.5", "'maximize'"))
    row = solved(tmp_path, rising(), problem="own.py")
    assert (row.maximize, row.optimum, row.regret, row.repaired) == (True, None, None, 1.0)
    box = solved(tmp_path, rising(), "maximize")
    assert (box.maximize, box.optimum) == (None, None)


def test_of_a_box_the_boundary_is_that_of_the_hull(tmp_path):
    assert solved(tmp_path, rising(DISC), "minimize").boundary is None
    for validity in ("hull", "joint_hull"):
        net = rising(DISC if validity == "hull" else Hull.of(DISC.points, DISC.points.sum(axis=1)))
        assert solved(tmp_path, net, "minimize", validity=validity).boundary is True


def test_the_choice_is_by_regret(results):
    choice = results.recommend()
    best = min(candidates(results.restarts, results.solves, study_layouts(results)), key=loss)
    assert choice.regret <= best.regret + 1e-4
    assert "regret" in choice.sentence
    titles = [table.title for table in report_tables(results)]
    assert any("Regret against solve time" in title for title in titles)


def study_layouts(results):
    return results.study.all_layouts


def loss(candidate):
    return candidate.regret if candidate.eligible else math.inf


def test_refinement_adds_the_truth_where_the_model_looked(results):
    rounds = results.refinements
    assert set(rounds["layout"]) == {"1x4", "2x2"}
    for _, mine in rounds.groupby("layout"):
        assert list(mine["round"]) == [0, 1, 2]
        assert list(np.diff(mine["samples"])) == [16, 17]  # 5 % of 300 and of 316, and the decision
        assert mine["decision_error"].notna().all()
        for file, content_hash in zip(mine["file"], mine["content_hash"], strict=True):
            assert load(results.folder / "nets" / file).content_hash == content_hash
    (table,) = (t for t in report_tables(results) if t.title.startswith("Refinement"))
    assert table.columns[1:4] == ("regret %, round 0", "regret %, round 1", "regret %, round 2")
    assert "Refinement: the truth at the decisions" in render_page(results)
    first = rounds[(rounds["layout"] == "1x4") & (rounds["round"] == 0)]["regret"].item()
    assert table.rows[0][1] == f"{100 * first:.2f}"


def test_refinement_goes_on_where_it_was_left(results, study):
    assert not results.refining_left(2)
    assert [task.layout for task in results.refining_left(3)] == ["1x4", "2x2"]
    assert not results.refining_left(0)
    again = run(study, results.folder, resume=True, refine=2)
    assert again.refinements.equals(results.refinements)


def test_a_table_is_learned_from_its_rows_and_decides_inside_its_hull(tmp_path):
    spec = {**SMALL, "layouts": ["1x4"], "restarts": 1, "solver_seeds": [0]}
    study = Study(problem="reformer", **{**spec, "encodings": ["auto"]})
    (lesson,) = subject_of(study).lessons
    assert len(lesson.train) + len(lesson.test_inputs) == len(PROBLEMS["reformer"].table)
    (row,) = run(study, tmp_path / "reformer", workers=1).solves.to_dict("records")
    assert row["status"] == "optimal"
    assert row["boundary"]
    assert pd.isna(row["regret"])
    assert pd.isna(row["true_objective"])
    with closing(Store.open(tmp_path / "reformer")) as store:
        net = load(*Results.read(store).net_paths("1x4", "best", 0))
    assert net.hull is not None


def test_several_outputs_are_measured_each_against_its_range():
    (lesson,) = subject_of(Study(problem="reformer")).lessons
    half = (lesson.range.upper - lesson.range.lower) / 2
    net = constant(lesson)
    assert np.allclose(lesson.error(net), np.abs(half - lesson.test_outputs) / half)


def constant(lesson):
    half = (lesson.range.upper - lesson.range.lower) / 2
    weights = (np.zeros((lesson.box.n_inputs, 1)), np.zeros((1, len(half))))
    return Network(weights, (np.zeros(1), half), lesson.box)


def test_samples_of_a_file(tmp_path):
    rng = np.random.default_rng(0)
    x = rng.uniform(-1, 1, (200, 2))
    rows = np.column_stack([x, x[:, 0] * x[:, 1], x[:, 0]])
    np.savetxt(tmp_path / "s.csv", rows, delimiter=",", header="a,b,y,z", comments="")
    study = Study(data="s.csv", inputs=["a", "b"], outputs=["y"]).beside(tmp_path)
    subject = subject_of(study)
    assert subject.problem is None
    (lesson,) = subject.lessons
    assert (lesson.train.input_names, lesson.train.output_names) == (("a", "b"), ("y",))
    assert len(lesson.train) == 170
    with pytest.raises(InputError, match="nowhere"):
        subject_of(Study(data="s.csv", outputs=["nowhere"]).beside(tmp_path))


@pytest.mark.parametrize(
    ("rows", "factor", "message"), [(9, 1.0, "9 distinct rows"), (50, 1e12, "rescale it")]
)
def test_tables_that_cannot_be_learned(tmp_path, rows, factor, message):
    x = np.random.default_rng(0).uniform(-1, 1, (rows, 2))
    table = np.column_stack([x, factor * x[:, 0]])
    np.savetxt(tmp_path / "s.csv", table, delimiter=",", header="a,b,y", comments="")
    with pytest.raises(StudyError, match=message):
        subject_of(Study(data="s.csv", outputs=["y"]).beside(tmp_path))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("def build", "def make"), r"own\.py has no function build"),
        (("return m", "return 5"), r"own\.py, line 4: build returned int"),
        (("(y,) = surrogate(m.net, m.x)", "y = m.x[0]"), r"line 4: build does not use"),
        (("m.x[0] + m.x[1] >= 0.5", "m.x[0] + m.z >= 0.5"), r"own\.py, line 9: build raised"),
        (("return x[0] * x[1]", "return float('nan')"), r"line 13: truth returned nan"),
        (("expr=y)", "expr=y + m.free)"), r"line 10: build raised"),
        (("def truth", "def other"), r"no truth with a box to learn from"),
        ((">= 0.5", ">= 5"), r"own\.py: no point satisfies the model's own constraints"),
        (("expr=y", "expr=m.x[0]"), r"own\.py, line 4: build uses no output .*block 'net'"),
        (("expr=y", "expr=y * m.x[0]"), r"own\.py: objective .* is not linear"),
        (("return x[0] * x[1]", "return 3"), r"is 3 at all 300 samples .* nothing to learn"),
        (
            ("m.net = pyo.Block()", "m.net = pyo.Block(); m.free = pyo.Var()"),
            None,  # nobody uses it: no harm
        ),
    ],
)
def test_mistakes_in_a_file_are_told_before_anything_is_trained(tmp_path, change, message):
    text = OWN.replace(*change)
    assert text != OWN
    (tmp_path / "own.py").write_text(text)
    study = Study(problem="own.py", **SMALL).beside(tmp_path)
    if message is None:
        subject_of(study).rehearse()
        return
    with pytest.raises((InputError, StudyError), match=message):
        run(study, tmp_path / "runs")
    assert not (tmp_path / "runs").exists()


def test_an_unbounded_variable_is_named_before_anything_is_trained(tmp_path):
    text = OWN.replace("m.net = pyo.Block()", "m.net = pyo.Block(); m.free = pyo.Var()")
    (tmp_path / "own.py").write_text(text.replace("expr=y)", "expr=y + m.free)"))
    study = Study(problem="own.py", **SMALL).beside(tmp_path)
    with pytest.raises(InputError, match=r"own\.py, line 4: .*free finite bounds"):
        run(study, tmp_path / "runs")


@pytest.mark.parametrize("values", [{}, {"problem": "reformer"}])
def test_refinement_needs_a_truth(values, tmp_path):
    with pytest.raises(InputError, match="no problem with a truth"):
        run(Study(**values), tmp_path / "runs", refine=2)
    with pytest.raises(InputError, match="refine = -1"):
        run(Study(**values), tmp_path / "runs", refine=-1)


def test_a_changed_file_is_another_study(tmp_path):
    path = tmp_path / "own.py"
    path.write_text(OWN.replace("return m", "return None"))
    spec = {**SMALL, "layouts": ["1x4"], "restarts": 1, "solver_seeds": [0], "encodings": ["auto"]}
    study = Study(problem="own.py", **spec).beside(tmp_path)
    with pytest.raises(InputError, match="returned NoneType"):
        run(study, tmp_path / "runs")
    path.write_text(OWN)  # mended: the same process must see it
    first = run(study, tmp_path / "runs", workers=1)
    assert first.complete
    path.write_text(OWN.replace("x[0] * x[1]", "3 * x[0] * x[1]"))
    with pytest.raises(StoreError, match=r"made with other contents of .*own\.py"):
        run(study, tmp_path / "runs", resume=True)
    path.write_text(OWN)
    assert run(study, tmp_path / "runs", resume=True).complete


def test_rounds_of_a_layout_replace_each_other_and_go_with_its_net(results, tmp_path):
    shutil.copytree(results.folder, tmp_path / "copy")
    with closing(Store.open(tmp_path / "copy")) as store:
        frame = store.refinements()
        rows = [
            RefineRow(**{f.name: row[f.name] for f in fields(RefineRow)})
            for row in frame[frame["layout"] == "1x4"].to_dict("records")
        ]
        store.record_environment(Environment.current(1))
        store.add_refinement([replace(rows[0], mae=7.0)])
        mine = store.refinements()
        assert list(mine[mine["layout"] == "1x4"]["mae"]) == [7.0]
        assert (mine["layout"] == "2x2").sum() == 3
        net = store.nets().to_dict("records")[0]
        known = NetRow(**{f.name: net[f.name] for f in fields(NetRow)})
        store.add_nets([known])
        assert (store.refinements()["layout"] == known.layout).sum() == 1
        store.add_nets([replace(known, content_hash="other")])
        assert not (store.refinements()["layout"] == known.layout).any()
