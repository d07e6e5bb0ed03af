"""`surrogate choose` on stored results."""

import json
import sqlite3

import pytest

from surrogate.study import Results, Study
from tests.stored import store

STUDY = Study(layouts=["1x24", "2x12"], restarts=2, solver_seeds=[0])
REGRETS = {"1x24": 0.05, "2x12": 0.01}


@pytest.fixture(scope="module")
def known(tmp_path_factory):
    """2x12 decides better, 1x24 has the lower MAE; auto takes 1 s, omlt 2 s."""
    return store(tmp_path_factory.mktemp("known") / "x", STUDY, REGRETS, ("auto", "omlt"))


@pytest.fixture(scope="module")
def unknown(tmp_path_factory):
    """The same without a truth."""
    return store(tmp_path_factory.mktemp("unknown") / "x", STUDY)


def test_it_prints_every_architecture_and_what_to_use(call, known):
    code, out, _ = call("choose", known)
    assert code == 0
    for name in ("1x24    auto", "1x24    omlt", "2x12    auto", "2x12    omlt"):
        assert f"\n {name}" in out
    assert out.splitlines()[-1].startswith("Use 2x12 (auto): ")


def test_limits_are_obeyed(call, known, unknown):
    _, out, _ = call("choose", known, "--max-mae", "0.0015", "--json")
    assert json.loads(out)["recommendation"]["layout"] == "1x24"
    _, out, _ = call("choose", known, "--max-regret", "0.02", "--max-seconds", "1.5", "--json")
    found = json.loads(out)["recommendation"]
    assert (found["layout"], found["encoding"], found["decided"]) == ("2x12", "auto", True)
    _, out, _ = call("choose", unknown, "--json")
    found = json.loads(out)["recommendation"]
    assert (found["layout"], found["regret"]) == ("1x24", None)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--max-regret", "0.001"], "the closest is 2x12 (auto) with 0.01"),
        (["--max-seconds", "0.5"], "no architecture has solve seconds <= 0.5; the closest is"),
        (["--max-mae", "-1"], "the limit on test MAE is -1.0; give a number, at least 0"),
        (["--max-mae", "small"], "--max-mae"),
    ],
)
def test_limits_that_cannot_be_met_are_one_message(call, known, arguments, message):
    code, out, err = call("choose", known, *arguments)
    assert (code, out) == (2, "")
    assert message in " ".join(err.split())


def test_machines_are_told_the_closest_and_the_reason(call, known):
    arguments = ("--max-mae", "0.0015", "--max-regret", "0.001", "--json")
    code, out, err = call("choose", known, *arguments)
    found = json.loads(out)
    assert (code, found["recommendation"]) == (2, None)
    assert found["reason"] in " ".join(err.split())
    assert found["closest"] == {
        "layout": "2x12",
        "recipe": "origin",
        "encoding": "auto",
        "restart": 0,
        "limited": "regret",
        "limit": 0.001,
        "figure": 0.01,
    }
    assert len(found["architectures"]) == 4
    _, out, _ = call("choose", known, "--json")
    found = json.loads(out)
    assert (found["reason"], found["closest"]) == (None, None)
    assert call("choose", known, "--max-mae", "-1", "--json")[:2] == (2, "")


def test_a_limit_on_regret_without_a_truth_is_one_message(call, unknown, tmp_path):
    code, _, err = call("choose", unknown, "--max-regret", "0.02")
    assert code == 2
    assert "knows no regret" in err
    assert "--max-mae" in err
    code, _, err = call("choose", tmp_path)
    assert code == 2
    assert "holds no results.sqlite" in err


def test_an_unfinished_study_is_said(call, tmp_path):
    folder = store(tmp_path / "x", STUDY)
    assert Results.load(folder).stored
    with sqlite3.connect(folder / "results.sqlite") as database:
        database.execute("DELETE FROM solves WHERE layout = '2x12' AND restart = 0")
    database.close()
    assert not Results.load(folder).stored
    code, out, err = call("choose", folder)
    assert code == 0
    assert "Use 1x24" in out
    assert "not run" in out
    assert "not finished" in err
    code, out, _ = call("choose", folder, "--json")
    assert not json.loads(out)["complete"]


def test_a_study_without_solves_has_no_answer(call, tmp_path):
    folder = store(tmp_path / "x", STUDY, encodings=())
    code, out, err = call("choose", folder)
    assert (code, out) == (2, "")
    assert "no architecture can be recommended" in err
    code, out, _ = call("choose", folder, "--json")
    found = json.loads(out)
    assert (code, found["recommendation"], found["closest"]) == (2, None, None)
    assert "no architecture can be recommended" in found["reason"]
