"""The command line as a user meets it: outputs, exit codes, one clear message per mistake."""

import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from surrogate.box import Box
from surrogate.network import Network
from surrogate.onnx_files import save
from surrogate.validity import Hull

SURROGATE = [sys.executable, "-m", "surrogate"]


@pytest.fixture
def net_file(tmp_path):
    """|x0| + x1 on [-1, 2] x [0, 1]: minimum 0, maximum 3."""
    w1 = np.array([[1.0, -1.0, 0.0], [0.0, 0.0, 1.0]])
    net = Network(
        (w1, np.ones((3, 1))),
        (np.zeros(3), np.zeros(1)),
        Box.of([(-1, 2), (0, 1)]),
        input_labels=("flow", "heat"),
        provenance={"made_by": "hand"},
    )
    save(net, tmp_path / "net.onnx")
    return str(tmp_path / "net.onnx")


def test_help_teaches(call):
    code, out, _ = call("--help")
    assert code == 0
    for command in ("run", "report", "choose", "inspect", "optimize", "Exit codes"):
        assert command in out
    _, out, _ = call("run", "--help")
    for word in ("--quick", "--resume", "--out", "--workers", "solver_seeds = [0, 1, 2]"):
        assert word in out


@pytest.mark.parametrize("direction", ["minimize", "maximize"])
def test_optimize_proves_the_known_optimum(call, net_file, direction):
    code, out, _ = call("optimize", net_file, f"--{direction}", "--json")
    found = json.loads(out)
    assert code == 0
    assert found["status"] == "optimal"
    assert found["objective"] == pytest.approx({"minimize": 0, "maximize": 3}[direction], abs=1e-6)
    assert found["audit_error"] < 1e-6
    assert set(found["inputs"]) == {"flow", "heat"}
    _, text, _ = call("optimize", net_file, f"--{direction}")
    assert "optimal" in text
    assert "flow =" in text


def test_optimize_within_the_hull_of_the_training_data(call, tmp_path):
    net = Network((np.ones((2, 1)),), (np.zeros(1),), Box.of([(0, 1)] * 2), ("flow", "heat"))
    net = replace(net, hull=Hull.of([[0.0, 0.0], [1.0, 0.0], [0.0, 0.5]]))
    save(net, tmp_path / "net.onnx")
    arguments = ("optimize", tmp_path / "net.onnx", "--maximize", "--json")
    _, out, err = call(*arguments)
    assert json.loads(out)["objective"] == pytest.approx(2.0)
    assert json.loads(out)["within_hull"] is False
    assert "outside the hull of the training data" in err
    code, out, err = call(*arguments, "--validity", "hull")
    found = json.loads(out)
    assert (code, err) == (0, "")
    assert found["objective"] == pytest.approx(1.0, abs=1e-6)
    assert found["within_hull"] is True
    assert "0.5 flow + heat <= 0.5 (hull)" in found["boundary"]
    _, text, _ = call(*arguments[:-1], "--validity", "hull")
    assert "0.5 flow + heat <= 0.5 (hull)" in text


@pytest.mark.parametrize(
    ("validity", "message"), [("Hull", "use 'box', 'hull', 'joint_hull'"), ("hull", "train it")]
)
def test_a_validity_that_cannot_be_had_is_exit_code_2(call, net_file, validity, message):
    code, _, err = call("optimize", net_file, "--maximize", "--validity", validity)
    assert code == 2
    assert message in err


def test_optimize_on_a_box_of_the_users(call, net_file):
    _, out, _ = call("optimize", net_file, "--maximize", "--json", "--box", "-1:0.5,0.25:0.5")
    assert json.loads(out)["objective"] == pytest.approx(1.5, abs=1e-6)
    _, out, _ = call("optimize", net_file, "--minimize", "--json", "--box", "0.5:1")
    assert json.loads(out)["objective"] == pytest.approx(1.0, abs=1e-6)


def test_a_box_beyond_the_files_own_is_narrowed_and_said(call, net_file):
    for command in (["optimize", "--maximize"], ["inspect"]):
        _, out, err = call(command[0], net_file, *command[1:], "--json", "--box", "-9:9")
        assert "beyond the file's box [-1, 2] x [0, 1]" in err
        assert json.loads(out)["box"] == "[-1, 2] x [0, 1]"


def test_optimize_takes_the_output_it_is_told(call, tmp_path):
    two = Network(
        (np.eye(1), np.array([[1.0, -2.0]])),
        (np.zeros(1), np.zeros(2)),
        Box.of([(0, 1)]),
        output_labels=("up", "down"),
    )
    save(two, tmp_path / "two.onnx")
    for output, optimum in ((0, 1.0), (1, 0.0)):
        _, out, _ = call(
            "optimize", tmp_path / "two.onnx", "--maximize", "--json", "--output", output
        )
        assert json.loads(out)["objective"] == pytest.approx(optimum, abs=1e-6)


def test_json_is_all_that_stdout_holds_where_0_is_outside_the_box(call, net_file):
    # OMLT starts its variables at 0, of which Pyomo warns on stdout
    _, out, _ = call("optimize", net_file, "--minimize", "--json", "--box", "0.5:1")
    assert json.loads(out)["status"] == "optimal"


def test_a_large_big_m_is_a_warning_in_one_line(call, tmp_path):
    big = Network((np.full((1, 1), 5e3), np.eye(1)), (np.zeros(1), np.zeros(1)), Box.of([(-1, 1)]))
    save(big, tmp_path / "big.onnx")
    code, out, err = call(
        "optimize", tmp_path / "big.onnx", "--maximize", "--encoding", "omlt", "--json"
    )
    assert code == 0
    assert json.loads(out)["objective"] == pytest.approx(5e3)
    assert err.startswith("surrogate: warning: the largest big-M is 5e+03")
    assert err.count("\n") == 1


def test_a_failed_audit_is_told_and_exit_code_1(call, net_file, monkeypatch):
    from surrogate.embedding import Audit

    monkeypatch.setattr(Audit, "passed", property(lambda _: False))
    code, _, err = call("optimize", net_file, "--maximize")
    assert code == 1
    assert "the audit failed" in err


def test_a_solver_error_is_exit_code_1(call, net_file, monkeypatch):
    from surrogate import solving
    from surrogate.errors import SolverError

    def refuse(*_, **__):
        raise SolverError("HiGHS logged an error")

    monkeypatch.setattr(solving, "solve", refuse)
    code, _, err = call("optimize", net_file, "--maximize")
    assert code == 1
    assert err == "surrogate: HiGHS logged an error\n"


def test_optimize_says_when_time_was_too_short(call, net_file):
    code, out, _ = call("optimize", net_file, "--maximize", "--json", "--time-limit", "0")
    found = json.loads(out)
    assert code == 1
    assert found["status"] == "time_limit_no_solution"
    assert "time_limit" in found["advice"]


def test_inspect_shows_layout_box_bounds_and_provenance(call, net_file):
    code, out, _ = call("inspect", net_file)
    assert code == 0
    for part in ("1x3", "flow, heat", "[-1, 2] x [0, 1]", "made_by = hand", "unstable", "interval"):
        assert part in out
    _, out, _ = call("inspect", net_file, "--json", "--box", "0.5:1")
    found = json.loads(out)
    assert (found["active"], found["inactive"], found["unstable"]) == (2, 1, 0)


def test_inspect_without_any_box_says_what_is_missing(call, tmp_path):
    save(Network((np.eye(2),), (np.zeros(2),)), tmp_path / "bare.onnx")
    code, out, err = call("inspect", tmp_path / "bare.onnx")
    assert code == 0
    assert "linear" in out
    assert "--box" in err


MISTAKES = [
    (["run", "absent.toml"], "absent.toml cannot be read"),
    (["run", "--workers", "0"], "workers = 0"),
    (["run", "--workers", "many"], "--workers"),
    (["run", "--out", "/dev/null/x"], "cannot be written"),
    (["run", "bad.toml"], "key 'neuron' is unknown"),
    (["run", "negative.toml"], "neurons = -4"),
    (["report", "nowhere"], "nowhere holds no results.sqlite"),
    (["inspect", "absent.onnx"], "absent.onnx"),
    (["inspect", "bad.toml"], "bad.toml"),
    (["inspect", "NET", "--bounds", "magic"], "magic"),
    (["inspect", "NET", "--box", "a:b"], "--box 'a:b' is not understood"),
    (["inspect", "NET", "--box", "0:1,0:1,0:1"], "3 inputs"),
    (["inspect", "NET", "--box", "1:0"], "lower bound 1 above its upper bound 0"),
    (["optimize", "NET"], "--minimize or --maximize"),
    (["optimize", "NET", "--minimize", "--maximize"], "--minimize or --maximize, one of them"),
    (["optimize", "NET", "--maximize", "--minimize"], "--minimize or --maximize, one of them"),
    (["optimize", "BARE", "--maximize"], "holds no box; give --box LOW:HIGH"),
    (["optimize", "NET", "--maximize", "--box", ""], "--box '' is not understood"),
    (["inspect", "NET", "--box", "0:1:2"], "write LOW:HIGH"),
    (["report", "bad.toml"], "is a file; name its folder"),
    (["run", "huge.toml"], "neurons = 1000000000"),
    (["run", "deep.toml"], "hidden neurons, the limit is 10000"),
    (["run", "over.toml"], "layout 5x5 has 25 neurons, the budget is neurons = 24"),
    (["optimize", "NET", "--maximize", "--output", "7"], "output 7 does not exist"),
    (["optimize", "NET", "--maximize", "--encoding", "magic"], "magic"),
    (["optimize", "NET", "--maximize", "--time-limit", "-1"], "-1"),
    (
        ["optimize", "NET", "--maximize", "--box", "5:6"],
        "--box 5:6 and the file's box [-1, 2] x [0, 1] have no common point",
    ),
    (["inspect", "NET", "--box", "-1:0,2:3"], "input 1 is in [2, 3] and in [0, 1]"),
    (["nonsense"], "nonsense"),
    (["optimise"], "optimise"),
]


@pytest.mark.parametrize(("arguments", "message"), MISTAKES, ids=[" ".join(m[0]) for m in MISTAKES])
def test_a_users_mistake_is_one_clear_message_and_exit_code_2(
    call, net_file, tmp_path, monkeypatch, arguments, message
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bad.toml").write_text("neuron = 24")
    (tmp_path / "negative.toml").write_text("neurons = -4")
    (tmp_path / "huge.toml").write_text("neurons = 1000000000")
    (tmp_path / "deep.toml").write_text("layouts = ['99999999999x9']")
    (tmp_path / "over.toml").write_text("layouts = ['5x5']")
    save(Network((np.eye(2),), (np.zeros(2),)), tmp_path / "bare.onnx")
    files = {"NET": net_file, "BARE": "bare.onnx"}
    code, out, err = call(*(files.get(a, a) for a in arguments))
    assert code == 2
    assert message in " ".join(err.split())
    assert out == ""
    assert not (tmp_path / "runs").exists()


def test_compile_keeps_what_it_learned_beside_the_net(call, net_file):
    code, out, _ = call("compile", net_file, "--seconds", "0.3", "--json")
    assert code == 0
    found = json.loads(out)
    assert found["kept_in"] == net_file.replace(".onnx", ".cells.npz")
    assert found["supports_known"] >= found["supports_known_before"]
    code, text, _ = call("compile", net_file, "--seconds", "0.1")
    assert code == 0
    assert "supports known" in text


def test_cells_that_cannot_be_used_are_a_message_and_no_harm(call, net_file):
    Path(net_file).with_suffix(".cells.npz").write_bytes(b"junk")
    code, out, err = call("optimize", net_file, "--minimize", "--json")
    assert code == 0
    assert json.loads(out)["audit_passed"]
    assert "warning" in err
    assert "surrogate compile" in err


@pytest.mark.parametrize("workers", ["0", "-1"])
def test_compile_needs_a_worker(call, net_file, workers):
    code, _, err = call("compile", net_file, "--workers", workers)
    assert code == 2
    assert f"workers is {workers}; give a whole number, at least 1" in err


@pytest.mark.parametrize("seconds", ["0", "-1", "nan"])
def test_compile_needs_some_time(call, net_file, seconds):
    code, _, err = call("compile", net_file, "--seconds", seconds)
    assert code == 2
    assert "time_limit" in err
