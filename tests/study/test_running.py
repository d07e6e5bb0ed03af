"""A whole study on a small budget: rows, files, reproducibility, resuming, failures."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from surrogate.errors import InputError, StoreError
from surrogate.onnx_files import load
from surrogate.study import Results, Study, run

SMALL = Study(name="small", neurons=4, samples=300, restarts=2, epochs=3, solver_seeds=[0, 1])


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    events = []
    folder = tmp_path_factory.mktemp("runs") / "small"
    results = run(SMALL, folder, workers=2, on_progress=events.append)
    return results, events


def test_every_net_and_every_solve_has_a_row(small):
    results, _ = small
    assert results.complete
    assert results.failures == ()
    assert set(results.nets["layout"]) == {"1x4", "2x2", "4x1"}
    assert len(results.nets) == 3 * 2
    # best and median restart, both directions, two seeds
    assert len(results.solves) == 3 * 2 * 2 * 2
    assert set(results.solves["status"]) == {"optimal"}
    assert results.solves["pattern_matches"].all()
    assert results.solves["audit_error"].max() < 1e-6


def test_the_files_are_the_nets_of_the_rows(small):
    results, _ = small
    truth = SMALL.truth
    grid = truth.grid()
    for row in results.nets.itertuples():
        net = load(*results.net_paths(row.layout, row.recipe, row.restart))
        assert net.content_hash == row.content_hash
        assert net.layout == row.layout
        assert net.box == truth.box
        assert net.provenance["restart"] == str(row.restart)
        error = np.abs(net(grid) - truth(grid))
        assert (row.mae, row.max_error) == pytest.approx((error.mean(), error.max()), rel=1e-9)
        assert row.mse == pytest.approx((error**2).mean(), rel=1e-9)
        assert row.active + row.inactive + row.unstable == net.n_neurons
        assert 0 < row.onnxruntime_error < 1e-5 or row.dead
        assert len(row.curve) == SMALL.epochs


def test_minima_and_maxima_are_those_of_the_forward_pass(small):
    results, _ = small
    grid = SMALL.truth.grid()
    for (layout, restart, sense), group in results.solves.groupby(["layout", "restart", "sense"]):
        values = load(*results.net_paths(layout, "origin", restart))(grid)
        optimum = group["objective"].to_numpy()
        assert np.ptp(optimum) <= 2e-4 * np.abs(optimum).max() + 1e-9
        if sense == "minimize":
            assert optimum.max() <= values.min() + 1e-4
            assert optimum.min() == pytest.approx(values.min(), abs=0.02)
        else:
            assert optimum.min() >= values.max() - 1e-4
            assert optimum.max() == pytest.approx(values.max(), abs=0.02)


def test_rows_point_to_the_environment_that_made_them(small):
    results, _ = small
    (environment,) = results.environments.itertuples()
    assert set(results.nets["environment"]) == {environment.id}
    assert set(results.solves["environment"]) == {environment.id}
    for part in ("torch", "onnx", "omlt", "pyomo", "highspy", "cpu"):
        assert getattr(environment, part)
    assert environment.workers == 2


def test_progress_counts_up_to_everything_with_an_estimate(small):
    _, events = small
    for phase, total in (("training", 3), ("solving", 24)):
        mine = [e for e in events if e.phase == phase]
        assert [e.total for e in mine] == [total] * len(mine)
        assert all(a.done <= b.done for a, b in pairwise(mine))
        assert (mine[0].task, mine[0].done) == ("", 0)
        assert sum(e.ended for e in mine) == total
        assert mine[-1].done == total
        assert mine[-1].remaining == 0
        assert all(e.remaining >= 0 for e in mine if e.remaining is not None)


def test_another_number_of_workers_gives_the_same_files_to_the_last_bit(small, tmp_path):
    results, _ = small
    again = run(SMALL, tmp_path / "again", workers=1)
    assert again.nets.drop(columns="seconds").equals(results.nets.drop(columns="seconds"))
    for row in results.nets.itertuples():
        key = (row.layout, row.recipe, row.restart)
        (mine,), (theirs,) = results.net_paths(*key), again.net_paths(*key)
        assert mine.read_bytes() == theirs.read_bytes()


def test_an_interrupted_run_keeps_what_is_done_and_resumes_to_the_same_end(small, tmp_path):
    results, _ = small
    folder = tmp_path / "interrupted"

    class StopError(Exception):
        pass

    def interrupt_at(phase, ended):
        seen = []

        def listener(progress):
            seen.append(progress.phase == phase and progress.ended)
            if sum(seen) == ended:
                raise StopError

        return listener

    with pytest.raises(StopError):
        run(SMALL, folder, workers=1, on_progress=interrupt_at("training", 2))
    stored = Results.load(folder)
    assert (len(stored.nets), len(stored.solves), stored.complete) == (4, 0, False)
    with pytest.raises(StopError):
        run(SMALL, folder, workers=1, resume=True, on_progress=interrupt_at("solving", 5))
    assert len(Results.load(folder).solves) == 5
    finished = run(SMALL, folder, workers=1, resume=True)
    assert finished.complete
    assert len(finished.environments) == 3
    hashes = ["layout", "restart", "content_hash"]
    ours, theirs = (r.nets.sort_values(hashes[:2])[hashes] for r in (finished, results))
    assert ours.to_numpy().tolist() == theirs.to_numpy().tolist()
    assert len(finished.solves) == len(results.solves)


def test_a_finished_study_is_not_run_again(small):
    results, _ = small
    again = run(SMALL, results.folder, resume=True, on_progress=lambda _: pytest.fail("ran"))
    assert len(again.environments) == len(results.environments)


def test_a_folder_with_results_is_not_touched_without_resume(small):
    results, _ = small
    before = (results.folder / "results.sqlite").read_bytes()
    with pytest.raises(StoreError, match="already holds results; add --resume"):
        run(SMALL, results.folder)
    other = Study(name="small", neurons=5)
    with pytest.raises(StoreError, match=r"holds another study .*neurons = 4, not 5"):
        run(other, results.folder, resume=True)
    assert (results.folder / "results.sqlite").read_bytes() == before


def test_the_deepest_layout_is_trained_first(small):
    results, _ = small
    nothing = replace(results, nets=results.nets.iloc[:0])
    assert [task.layout for task in nothing.training_left()] == ["4x1", "2x2", "1x4"]


def test_folders_that_cannot_be_used(tmp_path):
    file = tmp_path / "file"
    file.write_text("")
    with pytest.raises(StoreError, match=r"cannot be written.*--out"):
        run(SMALL, file / "runs")
    with pytest.raises(StoreError, match=r"holds no results\.sqlite"):
        Results.load(tmp_path)
    (tmp_path / "results.sqlite").write_text("no database at all, and long enough to be looked at")
    with pytest.raises(StoreError, match="cannot be read"):
        Results.load(tmp_path)


def test_what_is_no_study_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"'study.toml' is no Study but str; use Study\.load"):
        run("study.toml", tmp_path / "x")


def test_workers_below_one_are_refused(tmp_path):
    with pytest.raises(InputError, match="workers = 0"):
        run(SMALL, tmp_path / "x", workers=0)
