"""A study whose decisions are held to a hull that leaves out much of the data says so, once."""

import warnings
from dataclasses import replace

import numpy as np
import pytest

from surrogate.box import Box
from surrogate.datasets import Dataset
from surrogate.errors import StoreError
from surrogate.network import Network
from surrogate.onnx_files import save
from surrogate.problems import PROBLEMS
from surrogate.study import Study, run
from surrogate.study.deciding import solve_problem
from surrogate.study.rows import SolveTask
from surrogate.study.subject import subject_of
from surrogate.validity import Hull, HullWarning


@pytest.fixture(scope="module")
def many_inputs(tmp_path_factory):
    """A table of 1,000 points on a sphere in ten inputs: all are extreme, 500 are kept."""
    folder = tmp_path_factory.mktemp("many")
    x = np.random.default_rng(0).normal(size=(1000, 10))
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    names = ",".join([f"x{i}" for i in range(10)] + ["y"])
    rows = np.column_stack([x, x[:, 0]])
    np.savetxt(folder / "s.csv", rows, delimiter=",", header=names, comments="")
    (folder / "study.toml").write_text(
        "data = 's.csv'\noutputs = ['y']\nvalidity = 'hull'\nlayouts = ['1x4']\n"
    )
    return folder


def test_a_run_warns_before_it_does_anything(many_inputs, tmp_path):
    study = Study.load(many_inputs / "study.toml")
    (tmp_path / "file").touch()  # where no folder can be: nothing is trained
    lost = Hull.of(subject_of(study).lessons[0].train.inputs).left_out
    assert lost > 0.1
    with pytest.raises(StoreError), pytest.warns(HullWarning) as caught:
        run(study, tmp_path / "file" / "x")
    (warning,) = caught
    assert f"leaves out {lost:.0%} of them" in str(warning.message)
    assert warning.filename == __file__
    boxed = study.model_copy(update={"validity": "box"})
    with pytest.raises(StoreError):
        run(boxed, tmp_path / "file" / "x")


def test_the_command_line_tells_it(call, many_inputs, tmp_path):
    (tmp_path / "file").touch()
    code, _, err = call("run", many_inputs / "study.toml", "--out", tmp_path / "file" / "x")
    assert code == 2
    assert " ".join(err.split()).startswith("surrogate: warning: the hull of the training data")
    assert "Warning:" not in err


def test_the_domain_of_a_problem_counts_where_the_study_names_none():
    subject = subject_of(Study(problem="reformer"))
    subject.warn_of_hull("", stacklevel=1)
    wide = np.random.default_rng(0).normal(size=(1000, 10))
    (lesson,) = subject.lessons
    lossy = replace(subject, lessons=(replace(lesson, train=Dataset(wide, wide[:, :1])),))
    assert PROBLEMS["reformer"].validity == "hull"
    with pytest.warns(HullWarning):
        lossy.warn_of_hull("", stacklevel=1)
    lossy.warn_of_hull("box", stacklevel=1)
    replace(lossy, problem=None).warn_of_hull("", stacklevel=1)


def test_its_solves_do_not_repeat_it(tmp_path):
    points = Hull.of([[-1.0, -1.0], [1.0, -1.0], [0.0, 1.0]]).points
    hull = Hull(points, 2, left_out=0.5, inputs_left_out=0.5)
    weights, biases = (np.ones((2, 1)), np.ones((1, 1))), (np.full(1, 2.0), np.full(1, -2.0))
    net = Network(weights, biases, Box.of([(-1, 1), (-1, 1)]), hull=hull)
    save(net, tmp_path / "net.onnx")
    for problem, sense in (("box", "maximize"), ("linked", "decide")):
        study = Study(problem=problem, validity="hull", restarts=1)
        files, hashes = (tmp_path / "net.onnx",), (net.content_hash,)
        task = SolveTask(study, "1x1", "origin", 0, files, hashes, sense, 0, "auto")
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            solve_problem(task, lambda _: None)
