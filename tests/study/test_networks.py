"""A study of a problem with several networks: the pressure vessel's three, trained side by side."""

import shutil
import sqlite3
from contextlib import closing
from types import SimpleNamespace

import numpy as np
import pytest

from surrogate.box import Box
from surrogate.choosing import candidates
from surrogate.onnx_files import load
from surrogate.problems import PROBLEMS
from surrogate.report import front_table, recommendation, report_tables
from surrogate.report.page import render_page
from surrogate.report.tables import accuracy_table
from surrogate.solving import solve
from surrogate.study import Results, Study, refining, run
from surrogate.study.lesson import error_unit
from surrogate.study.rows import RefineTask
from surrogate.study.subject import subject_of

VESSEL = PROBLEMS["pressure_vessel"]
NAMES = ("shell", "heads", "fill")
STUDY = Study(
    problem="pressure_vessel",
    neurons=4,
    layouts=["2x2"],
    recipes=["origin", "best"],
    samples=200,
    epochs=5,
    restarts=2,
    encodings=["bigm"],
    solver_seeds=[0],
)


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    return run(STUDY, tmp_path_factory.mktemp("vessel") / "x", refine=1)


def half(function):
    return float((function.range.upper - function.range.lower)[0]) / 2


def test_every_restart_has_a_net_of_every_function(results):
    assert results.complete
    assert results.stored
    assert results.surrogates == NAMES
    assert len(results.nets) == 2 * 2 * 3
    for row in results.nets.itertuples():
        assert row.file == f"2x2-{row.recipe}-r{row.restart:02d}-{row.surrogate}.onnx"
        net = load(results.folder / "nets" / row.file)
        function = VESSEL.functions[NAMES.index(row.surrogate)]
        assert net.content_hash == row.content_hash
        assert (net.layout, net.box) == ("2x2", function.box)
        assert net.provenance["function"].startswith(function.formula)
        grid = function.grid()
        error = np.abs(net(grid) - function(grid)) / half(function)
        assert (row.mae, row.max_error) == pytest.approx((error.mean(), error.max()), rel=1e-9)
        assert row.onnxruntime_error < 1e-5


def test_a_solve_is_the_problem_around_all_nets_of_a_restart(results):
    row = results.solves[results.solves["recipe"] == "best"].iloc[1]
    nets = [load(path) for path in results.net_paths("2x2", "best", int(row["restart"]))]
    built = VESSEL.build(*nets, encoding="bigm")
    assert solve(built.model, seed=0).has_solution
    model = built.model
    inputs = ([model.t, model.r, model.l], [model.h, model.r], [model.r, model.l])
    points = [np.array([[v.value for v in each]]) for each in inputs]
    shell, heads, _ = (net(x).item() for net, x in zip(nets, points, strict=True))
    assert row["objective"] == pytest.approx(shell + heads, rel=1e-6)
    errors = [
        abs((net(x) - f(x)).item()) / half(f)
        for net, x, f in zip(nets, points, VESSEL.functions, strict=True)
    ]
    assert row["decision_error"] == pytest.approx(max(errors), rel=1e-4)
    evaluation = VESSEL.evaluate(built)
    assert row["regret"] == pytest.approx(VESSEL.regret(evaluation), abs=1e-4)
    assert row["binaries"] == sum(e.size.binaries for e in built.embeddings)
    assert row["audit_passed"]


def test_the_choice_is_of_all_networks_together(results):
    found = candidates(results.restarts, results.solves, ["2x2"])
    assert [c.architecture.recipe for c in found] == ["best", "origin"]
    for c in found:
        mine = results.nets[results.nets["recipe"] == c.architecture.recipe]
        means = mine.groupby("restart")["training_mae"].mean()
        assert c.restart == means.idxmin()
        best = mine[mine["restart"] == c.restart]
        assert len(best) == 3
        assert c.mae == pytest.approx(best["mae"].mean())
        assert c.accuracy.max_error_best == best["max_error"].max()
        assert c.accuracy.unstable == best["unstable"].sum()


def test_tables_name_the_networks_and_say_what_is_averaged(results):
    table = accuracy_table(results)
    assert table.columns[:3] == ("layout", "recipe", "network")
    assert [row[1:3] for row in table.rows] == [(r, n) for r in ("best", "origin") for n in NAMES]
    notes = " ".join(table.notes)
    assert "relative to half the range" in notes
    assert "the mean over them" in notes
    assert "relative to half the range" in " ".join(front_table(results).notes)
    page = render_page(results)
    assert ">heads<" in page
    assert recommendation(results) in page
    assert "restart, 3 nets," in recommendation(results)


def test_refinement_asks_every_truth_and_trains_every_net_again(results):
    rounds = results.refinements
    assert len(rounds) == 2 * 2 * 3
    for _, mine in rounds.groupby(["recipe", "surrogate"]):
        assert list(mine["round"]) == [0, 1]
        assert list(mine["samples"]) == [200, 200 + 1 + 10]  # the decision, and 5 % around it
        for row in mine.itertuples():
            assert load(results.folder / "nets" / row.file).content_hash == row.content_hash
    for _, mine in rounds.groupby(["recipe", "round"]):
        assert set(mine["surrogate"]) == set(NAMES)
        assert mine["regret"].nunique(dropna=False) == 1
    (*_, table) = report_tables(results)
    assert table.columns[:3] == ("layout", "recipe", "regret %, round 0")
    first = rounds[(rounds["recipe"] == "origin") & (rounds["round"] == 0)]["mae"].mean() * 1e3
    change = table.rows[1][table.columns.index("test MAE x10^3")]
    assert float(change.split()[0]) == pytest.approx(first, rel=5e-3)


def test_what_a_round_adds_is_the_truth_of_each_network_at_the_decision(results, monkeypatch):
    asked = {}

    def trained(_, lesson, data, report):
        report(1.0)
        asked[lesson.name] = data
        return [SimpleNamespace(network=lesson.small_network(), restart=0)]

    monkeypatch.setattr(refining, "trained_restarts", trained)
    monkeypatch.setattr(refining, "save", lambda *_: None)
    monkeypatch.setattr(refining, "load", load_or_any(results))
    paths, told = results.net_paths("2x2", "best", 0), []
    refining.refine_layout(RefineTask(STUDY, "2x2", "best", paths, 1), told.append)
    assert told == pytest.approx([1 / 3, 2 / 3, 1.0])
    nets = [load(path) for path in paths]
    built = VESSEL.build(*nets, encoding="bigm")
    solve(built.model, seed=0)
    for name, function, copy in zip(NAMES, VESSEL.functions, built.embeddings, strict=True):
        added_x, added_y = asked[name].inputs[200:], asked[name].outputs[200:]
        assert np.allclose(added_y, function(added_x), rtol=1e-12)
        decision = [v.value for v in copy.inputs]
        assert added_x[0] == pytest.approx(decision, rel=1e-3)
        width = function.box.upper - function.box.lower
        assert (np.abs(added_x - added_x[0]) <= refining.REACH * width + 1e-9).all()


def load_or_any(results):
    """Files that a round would have written do not exist: any net of the same name will do."""

    def loaded(path):
        return load(path if path.exists() else results.folder / "nets" / _first(path.name))

    return loaded


def _first(name):
    return name.replace("refined1", "r00")


def test_a_net_that_is_lost_is_trained_again_alone(results, tmp_path):
    shutil.copytree(results.folder, tmp_path / "copy")
    path = tmp_path / "copy" / "nets" / "2x2-origin-r01-heads.onnx"
    before = path.read_bytes()
    path.unlink()
    lost = Results.load(tmp_path / "copy")
    assert not lost.complete
    assert [str(task) for task in lost.training_left()] == ["train 2x2 origin heads"]
    mended = run(STUDY, tmp_path / "copy", resume=True)
    assert mended.complete
    assert path.read_bytes() == before
    again = mended.nets[mended.nets["environment"] == 2]
    assert set(zip(again["recipe"], again["surrogate"], strict=True)) == {("origin", "heads")}
    assert set(mended.solves["environment"]) == {1}
    assert len(mended.refinements) == len(results.refinements)


def test_solves_and_rounds_go_with_any_net_that_changed(results, tmp_path):
    shutil.copytree(results.folder, tmp_path / "copy")
    with closing(sqlite3.connect(tmp_path / "copy" / "results.sqlite")) as database, database:
        database.execute(
            "UPDATE nets SET content_hash = 'x' WHERE recipe = 'origin' AND restart = 1 "
            "AND surrogate = 'fill'"
        )
    mended = run(STUDY, tmp_path / "copy", resume=True)
    assert mended.complete
    redone = mended.solves[mended.solves["environment"] == 2]
    assert set(zip(redone["recipe"], redone["restart"], strict=True)) == {("origin", 1)}
    assert set(mended.refinements["recipe"]) == {"best"}


def test_a_run_that_has_only_some_networks_has_nothing_to_solve_or_to_show(results):
    half_done = results.nets[results.nets["surrogate"] != "fill"]
    frames = (half_done, results.solves.iloc[:0], results.refinements.iloc[:0])
    partial = Results(STUDY, results.folder, *frames, results.environments, results.surrogates)
    assert not partial.solving_left()
    assert not partial.refining_left(1)
    assert not partial.stored
    assert [task.surrogate for task in partial.training_left()] == ["fill", "fill"]
    assert report_tables(partial) == []
    assert "not finished" in render_page(partial)


def test_a_restart_is_rehearsed_with_a_net_of_every_function():
    subject = subject_of(STUDY)
    subject.rehearse()
    for lesson, function in zip(subject.lessons, VESSEL.functions, strict=True):
        net, grid = lesson.small_network(), function.grid()[::97]
        low, high = function.range.pairs()[0]
        assert ((net(grid) >= low) & (net(grid) <= high)).all()
        assert subject.lesson(lesson.name) is lesson


@pytest.mark.parametrize(
    ("pairs", "alone", "unit"),
    [
        ([(0, 6)], True, [1.0]),
        ([(0, 6)], False, [3.0]),
        ([(0, 6), (-1, 1)], True, [3.0, 1.0]),
        ([(2, 2), (0, 4)], True, [1.0, 2.0]),
    ],
)
def test_errors_are_relative_where_they_are_averaged(pairs, alone, unit):
    assert error_unit(Box.of(pairs), alone).tolist() == unit
