"""A truth of the user's own is asked as rarely as it can be, told of when slow, and kept."""

from itertools import count

import numpy as np
import pytest

from surrogate.errors import InputError, StoreError
from surrogate.problems import load_problem
from surrogate.study import Study, asking, run
from surrogate.study.asking import ask
from surrogate.study.subject import subject_of

FILE = """
from pathlib import Path
import pyomo.environ as pyo

LOG = Path(__file__).with_name("calls")

def build(surrogate):
    m = pyo.ConcreteModel()
    m.x = pyo.Var([0, 1], bounds=(-1, 1))
    m.net = pyo.Block()
    (y,) = surrogate(m.net, m.x)
    m.objective = pyo.Objective(expr=y)
    return m

def truth(x):
    with LOG.open("a") as log:
        log.write(f"{x.tolist()}\\n")
    return x[0] * x[1]

box = [(-1, 1), (-1, 1)]
"""
SMALL = {
    "neurons": 4,
    "layouts": ["1x4", "2x2"],
    "samples": 320,
    "epochs": 2,
    "restarts": 2,
    "solver_seeds": [0, 1],
    "encodings": ["bigm"],
}


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "own.py").write_text(FILE)
    return tmp_path


def study_in(folder, **values):
    return Study(problem="own.py", **{**SMALL, **values}).beside(folder)


def calls(folder):
    """The points at which the truth was asked, since this was asked last."""
    log = folder / "calls"
    found = log.read_text().splitlines() if log.exists() else []
    log.write_text("")
    return found


def test_a_run_asks_once_and_every_process_knows_the_answers(folder):
    first = run(study_in(folder), folder / "run", workers=2)
    assert first.complete
    asked = calls(folder)
    assert len(asked) == 16 + 320 + 64 + len(first.solves)  # to rehearse, learn, test; a decision
    points = set(asked)
    run(study_in(folder), folder / "run", workers=2, resume=True, refine=1)
    again = calls(folder)
    # two layouts, two rounds with a decision; after each of them its own point and 5 % around it
    assert len(again) == 16 + 2 * (1 + 17) + 2 * (1 + 18)
    assert len(points & set(again)) < 32
    with pytest.raises(StoreError, match="holds another study"):
        run(study_in(folder, seed=1), folder / "run", resume=True)
    assert len(calls(folder)) == 16  # nobody waits for samples to hear that


def test_the_answers_are_those_of_the_points(folder):
    study = study_in(folder)
    (subject,) = subject_of(study, folder / "nets").lessons
    calls(folder)
    (again,) = subject_of(study, folder / "nets").lessons
    assert calls(folder) == []
    for one in (subject, again):
        assert np.array_equal(one.train.outputs[:, 0], one.train.inputs.prod(axis=1))
        assert np.array_equal(one.test_outputs[:, 0], one.test_inputs.prod(axis=1))
        assert np.array_equal(one.train.inputs, subject.train.inputs)
        assert one.box.pairs() == [(-1, 1), (-1, 1)]
        low, high = one.train.outputs.min(), one.train.outputs.max()
        assert one.range.pairs() == [(low, high)]


@pytest.mark.parametrize("change", ["seed", "samples", "file", "cut", "array", "inf", "bit"])
def test_answers_to_something_else_are_not_taken(folder, change):
    study = study_in(folder)
    subject_of(study, folder / "nets")
    (kept,) = (folder / "nets").iterdir()
    values = {"seed": {"seed": 1}, "samples": {"samples": 321}}.get(change, {})
    if change == "file":
        (folder / "own.py").write_text(FILE.replace("x[0] * x[1]", "x[0] - x[1]"))
    content = kept.read_bytes()
    if change == "cut":
        kept.write_bytes(content[:1000])
    if change == "array":
        with kept.open("wb") as file:
            np.save(file, np.zeros(3))
    if change == "inf":
        with np.load(kept) as arrays:
            key, values_kept = arrays["key"], arrays["values"]
        np.savez(kept, key=key, values=values_kept + np.inf)
    if change == "bit":  # in the zip's directory: how its first member is compressed
        place = content.rindex(b"PK\x01\x02") + 10
        kept.write_bytes(content[:place] + b"\x63" + content[place + 1 :])
    calls(folder)
    study = study_in(folder, **values)
    (subject,) = subject_of(study, folder / "nets").lessons
    assert len(calls(folder)) == study.samples + 64
    if change == "file":
        assert np.array_equal(subject.train.outputs[:, 0], subject.train.inputs @ [1.0, -1.0])


@pytest.mark.parametrize(
    ("samples", "tests"), [(1, 16), (100, 16), (2_000, 256), (10_000, 1_024), (100_000, 2_048)]
)
def test_how_many_points_are_for_the_test(folder, samples, tests, monkeypatch):
    monkeypatch.setattr(asking, "_fill", lambda values, *_: values.fill(0.0))
    monkeypatch.setattr(asking, "_check_varies", lambda *_: None)
    found = ask(load_problem(folder / "own.py"), samples, 0, lambda _: None)
    assert (len(found.inputs), len(found.test_inputs)) == (samples, tests)
    assert tests <= max(16, samples / 5)


def test_a_slow_truth_is_told_of_and_a_quick_one_is_not(folder, monkeypatch):
    problem, heard = load_problem(folder / "own.py"), []
    for step, few in ((0.4, False), (1e-5, True)):
        clock = count()
        monkeypatch.setattr(
            asking, "perf_counter", lambda step=step, clock=clock: step * next(clock)
        )
        heard.clear()
        ask(problem, 21, 0, heard.append)
        if few:
            assert heard == []
            continue
        assert [int(event.done) for event in heard] == [*range(3, 37, 3), 37]
        assert [event.ended for event in heard] == [False] * 12 + [True]
        assert heard[0].remaining == pytest.approx(34 * 0.4)
        assert {(event.phase, event.total) for event in heard} == {("sampling", 37)}


STOPPING = """
STOP = Path(__file__).with_name("stop")

def stopped():
    if STOP.exists() and LOG.exists() and len(LOG.read_text().splitlines()) > 100:
        raise KeyboardInterrupt

def truth(x):
    stopped()"""


def test_an_interrupt_keeps_the_answers_so_far(folder, call):
    (folder / "study.toml").write_text(
        "problem = 'own.py'\nsamples = 320\nneurons = 4\nlayouts = ['1x4']\nrestarts = 1\n"
        "epochs = 1\nsolver_seeds = [0]\nencodings = ['bigm']\n"
    )
    arguments = ("run", folder / "study.toml", "--out", folder / "run", "--workers", 1)
    (folder / "own.py").write_text(FILE.replace("def truth(x):", STOPPING))
    (folder / "stop").touch()
    code, out, err = call(*arguments)
    assert (code, out) == (130, "")
    assert "what the truth said is safe in" in err
    assert len(calls(folder)) == 101
    (folder / "stop").unlink()
    code, _, _ = call(*arguments, "--resume")
    assert code == 0
    assert len(calls(folder)) == 16 + (320 + 64 - (101 - 16)) + 1


def test_a_slow_run_keeps_its_answers_now_and_then(folder, monkeypatch):
    kept, clock = [], count()
    monkeypatch.setattr(asking, "perf_counter", lambda: 8.0 * next(clock))
    monkeypatch.setattr(asking, "_keep", lambda _, values: kept.append(int(np.isnan(values).sum())))
    subject_of(study_in(folder, samples=20), folder / "nets")
    assert kept == [*range(32, -1, -4), 0]


def test_a_folder_that_cannot_be_written_is_told(folder):
    (folder / "file").touch()
    with pytest.raises(StoreError, match=r"nets cannot be written .*--out"):
        subject_of(study_in(folder), folder / "file" / "nets")


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("x[0] if next(ASKED) < 100 else float('nan')", r"line 15: truth returned nan at \("),
        ("x[0] if next(ASKED) < 100 else 1 / 0", r"line 18: truth raised ZeroDivisionError"),
        ("[x[0], x[1]]", r"own\.py: truth returns 2 numbers; with a box it returns one"),
        ("x[2]", r"line 18: truth raised IndexError"),
    ],
)
def test_a_truth_that_fails_midway_is_told_with_its_line(folder, body, message):
    text = FILE.replace("LOG =", "ASKED = iter(range(10**6)); LOG =").replace("x[0] * x[1]", body)
    (folder / "own.py").write_text(text)
    with pytest.raises(InputError, match=message):
        run(study_in(folder), folder / "run")
    assert not (folder / "run").exists()
    assert len(calls(folder)) in (1, 16 + 101)
