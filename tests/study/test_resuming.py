"""Resuming: what is damaged is done again, what is sound is kept, and one run writes at a time."""

import json
import sqlite3
from contextlib import closing
from dataclasses import fields, replace

import numpy as np
import pytest

from surrogate.datasets import Dataset
from surrogate.errors import StoreError
from surrogate.solving import Solution, Status
from surrogate.study import Results, Study, deciding, run, trial
from surrogate.study.environment import Environment
from surrogate.study.rows import NetRow
from surrogate.study.store import Store
from surrogate.training.origin import train_origin

TINY = Study(name="tiny", neurons=2, layouts=["1x2"], samples=50, restarts=2, epochs=1)


@pytest.fixture
def tiny(tmp_path):
    folder = tmp_path / "tiny"
    run(TINY, folder, workers=2)
    return folder


def forget(folder, condition):
    with sqlite3.connect(folder / "results.sqlite") as database:
        database.execute(f"DELETE FROM solves WHERE {condition}")
    database.close()


@pytest.mark.parametrize("damage", ["deleted", "garbage", "another net"])
def test_a_damaged_net_is_trained_again_to_the_same_bits(tiny, damage):
    first, second = sorted((tiny / "nets").glob("*.onnx"))
    good = first.read_bytes()
    match damage:
        case "deleted":
            first.unlink()
        case "garbage":
            first.write_bytes(b"no net")
        case "another net":
            first.write_bytes(second.read_bytes())
    assert not Results.load(tiny).complete
    mended = run(TINY, tiny, resume=True)
    assert mended.complete
    assert first.read_bytes() == good
    assert len(mended.solves) == 12  # the same net: its solves stay
    assert set(mended.solves["environment"]) == {1}


def test_solves_of_a_net_that_changed_are_done_again(tiny):
    first = Results.load(tiny).nets.iloc[0]
    with sqlite3.connect(tiny / "results.sqlite") as database:
        database.execute(
            "UPDATE nets SET content_hash = 'x' WHERE restart = ?", [int(first["restart"])]
        )
    database.close()
    mended = run(TINY, tiny, resume=True)
    assert mended.complete
    redone = mended.solves[mended.solves["restart"] == first["restart"]]
    kept = mended.solves[mended.solves["restart"] != first["restart"]]
    assert set(redone["environment"]) == {2}
    assert set(kept["environment"]) == {1}


def test_a_net_that_is_swapped_during_the_run_is_not_solved(tiny):
    forget(tiny, "solver_seed = 2")
    first, second = sorted((tiny / "nets").glob("*.onnx"))
    task = Results.load(tiny).solving_left()[0]
    (path,) = task.paths
    path.write_bytes((second if path == first else first).read_bytes())
    with pytest.raises(StoreError, match="does not hold the network that was trained"):
        deciding.solve_problem(task, lambda _: None)


def test_tasks_that_fail_are_told_and_tried_again(tiny):
    forget(tiny, "solver_seed > 0")
    (path,) = Results.load(tiny).solving_left()[0].paths
    good = path.read_bytes()

    def damage(progress):  # after the run has looked at the files, before it solves
        if progress.phase == "solving" and progress.task == "":
            path.write_bytes(b"no net")

    broken = run(TINY, tiny, resume=True, on_progress=damage)
    assert len(broken.failures) == 4
    assert "OnnxFileError" in broken.failures[0]
    assert not broken.complete
    assert (broken.solves["status"] == "failed").sum() == 4
    path.write_bytes(good)
    mended = run(TINY, tiny, resume=True)
    assert mended.complete
    assert mended.failures == ()
    assert (mended.solves["status"] == "optimal").all()


def test_two_runs_do_not_write_into_one_folder(tiny):
    forget(tiny, "solver_seed = 2")

    def second(progress):
        if progress.task:
            run(TINY, tiny, resume=True)

    with pytest.raises(StoreError, match="another run is adding results"):
        run(TINY, tiny, resume=True, on_progress=second)
    assert run(TINY, tiny, resume=True).complete


def test_resuming_what_never_began_begins_it(tmp_path):
    (tmp_path / "empty").mkdir()
    for folder in (tmp_path / "empty", tmp_path / "absent"):
        assert run(TINY, folder, resume=True).complete


def test_a_folder_that_cannot_be_locked_is_one_clear_message(tiny):
    forget(tiny, "solver_seed = 2")
    (tiny / ".lock.sqlite").unlink()
    (tiny / ".lock.sqlite").mkdir()
    with pytest.raises(StoreError, match=r"cannot be locked .*--out"):
        run(TINY, tiny, resume=True)


def test_a_store_that_cannot_be_written_loses_nothing(tiny):
    row = Results.load(tiny).nets.iloc[0]
    with closing(Store.open(tiny)) as store:
        good = NetRow(**{f.name: row[f.name] for f in fields(NetRow)})
        store.record_environment(Environment.current(1))
        with pytest.raises(StoreError, match="cannot be written"):
            store.add_nets([replace(good, content_hash="new"), replace(good, file=object())])
    after = Results.load(tiny)
    assert len(after.solves) == 12
    assert after.nets["content_hash"].iloc[0] == row["content_hash"]


def test_resuming_counts_what_was_done_before(tiny):
    forget(tiny, "solver_seed = 2")
    events = []
    run(TINY, tiny, resume=True, on_progress=events.append)
    assert {(e.phase, e.total) for e in events} == {("solving", 12)}
    assert events[0].done == 8
    assert events[-1].done == 12


def test_the_seed_of_a_study_reaches_samples_weights_and_order(tmp_path):
    study = TINY.model_copy(update={"seed": 3})
    rows = trial.train_layout(
        trial.TrainingTask(study, "1x2", "origin", "", tmp_path), lambda _: None
    )
    data = Dataset.sample(study.truth, study.samples, np.random.default_rng([3]))
    expected = train_origin(
        data,
        "1x2",
        box=study.truth.box,
        output_range=study.truth.range,
        restarts=range(2),
        epochs=study.epochs,
        seed=3,
    )
    assert [row.content_hash for row in rows] == [t.network.content_hash for t in expected]
    error = np.abs(expected[1].network(data.inputs) - data.outputs).mean()
    assert rows[1].training_mae == pytest.approx(error, rel=1e-12)
    other = trial.train_layout(
        trial.TrainingTask(TINY, "1x2", "origin", "", tmp_path), lambda _: None
    )
    assert other[0].content_hash != rows[0].content_hash


def test_a_solve_is_made_and_recorded_as_its_task_says(tiny, monkeypatch):
    forget(tiny, "solver_seed = 2")
    task = Results.load(tiny).solving_left()[0]
    calls = []

    def solve(_, **settings):
        calls.append(settings)
        return Solution(
            Status.TIME_LIMIT_NO_SOLUTION,
            None,
            0.5,
            seconds=7.0,
            solver_seconds=5.0,
            nodes=3,
            iterations=4,
        )

    monkeypatch.setattr(deciding, "solve", solve)
    patient = task.study.model_copy(update={"time_limit": 12.5})
    row = deciding.solve_problem(replace(task, study=patient, solver_seed=8), lambda _: None)
    assert calls == [{"time_limit": 12.5, "seed": 8}]
    assert (row.solve_seconds, row.nodes, row.iterations, row.bound) == (7.0, 3, 4, 0.5)
    assert (row.objective, row.audit_error, row.audit_passed) == (None, None, None)
    assert row.build_seconds > 0
    assert "time limit" in row.message


def test_a_store_of_another_format_is_refused(tmp_path):
    with sqlite3.connect(tmp_path / "results.sqlite") as database:
        database.execute("CREATE TABLE meta (key TEXT, value TEXT)")
        database.execute("INSERT INTO meta VALUES ('format', '0')")
        database.execute("INSERT INTO meta VALUES ('study', ?)", [json.dumps({})])
    database.close()
    with pytest.raises(StoreError, match="format 0, this version reads"):
        Results.load(tmp_path)


@pytest.mark.parametrize(
    "damage",
    ["DROP TABLE solves", "UPDATE meta SET value = '{' WHERE key = 'study'", "DELETE FROM meta"],
)
def test_a_damaged_store_is_one_clear_message(tiny, damage):
    with sqlite3.connect(tiny / "results.sqlite") as database:
        database.execute(damage)
    database.close()
    with pytest.raises(StoreError, match="another folder"):
        Results.load(tiny)
