"""Every benchmark runs and prints its table. What it measures is not tested: machines differ."""

import json
import math
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def benchmark(name, *arguments, root=ROOT):
    done = subprocess.run(
        [sys.executable, root / "benchmarks" / name, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_training_prints_a_ratio_per_depth():
    table = benchmark("restarts.py", "--epochs", 1, "--samples", 320, "--rounds", 1)
    for layout in ("1x24", "2x12", "3x8", "4x6", "6x4", "8x3", "12x2", "24x1"):
        assert re.search(rf"^{layout} +[\d.]+ +[\d.]+ +[\d.]+$", table, re.M)
    assert re.search(r"all 8 layouts, 80 nets: .* ratio [\d.]+", table)


def test_training_compares_with_the_origin_the_limits_and_other_functions(tmp_path):
    table = tmp_path / "plant.csv"
    table.write_text("a,b,c\n" + "".join(f"{i},{i * i % 7},{i * 0.3}\n" for i in range(40)))
    small = ("--layouts", "1x24", "--restarts", 1, "--samples", 300, "--time-limit", 1)
    printed = benchmark("training.py", *small, "--csv", table)
    assert re.search(r"^ 1x24( +[\d.]+){3} +[\d.]+x( +[\d.]+){2,}", printed, re.M)
    for truth in ("peaks", "rosenbrock", "friedman", "plant"):
        assert re.search(rf"^ {truth}( +[\d.e-]+){{2}} +[\d.]+x", printed, re.M)


def test_training_says_what_its_parts_are_worth():
    small = ("--layouts", "1x4", "--restarts", 1, "--samples", 100, "--time-limit", 0.2)
    printed = benchmark("training.py", "--parts", *small)
    assert len(re.findall(r"^ 1x4 +(mixed|folding|hyperplanes|asymmetric) ", printed, re.M)) == 8


def test_training_says_what_its_curvature_costs():
    printed = benchmark("training.py", "--curvature", "--layouts", "1x4", "--samples", 500)
    assert re.search(r"^ 1x4( +[\d.]+){5}$", printed, re.M)


def test_choosing_prints_its_seconds():
    sizes = ("--layouts", 3, "--recipes", 2, "--encodings", 2, "--restarts", 2, "--rounds", 1)
    printed = benchmark("choosing.py", *sizes)
    assert re.search(r"^ +12 +12 +72  [\d.]+$", printed, re.M)
    for process in ("surrogate choose", "surrogate --help", "import pandas"):
        assert re.search(rf"^{process} +[\d.]+ +[\d.]+ +[\d.]+$", printed, re.M)


def test_solvability_prints_the_trade():
    printed = benchmark("solvability.py", "--quick")
    for strength in ("0", "0.3"):
        assert re.search(rf"^ {strength} +[\d.]+ +[\d.]+ \([\d.]+\)", printed, re.M)


def test_tolerances_print_a_row_per_setting():
    table = benchmark("tolerances.py", "--seeds", 1, "--layouts", "12x2")
    assert len(re.findall("^ 12x2 ", table, re.M)) == 3 * 4


def test_readers_say_who_reads_what(tmp_path):
    shutil.copy(ROOT / "models" / "3x8.onnx", tmp_path)
    (tmp_path / "damaged.onnx").write_bytes(b"no net")
    table = benchmark("readers.py", tmp_path)
    assert re.search(r"^3x8 +builds +builds +(-|builds) +(-|builds)", table, re.M)
    assert re.search(r"^damaged +OnnxFileError ", table, re.M)
    assert re.search(r"^of 2 +1 +1 ", table, re.M)


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A small finished study with the layouts of the README."""
    from surrogate.study import Study, run

    folder = tmp_path_factory.mktemp("finished") / "run"
    run(Study(samples=64, restarts=2, epochs=1, solver_seeds=[0]), folder)
    return folder


def test_publishing_replaces_models_tables_and_plots(finished, tmp_path):
    for name in ("benchmarks", "models"):
        shutil.copytree(ROOT / name, tmp_path / name)
    shutil.copy(ROOT / "README.md", tmp_path)
    benchmark("publish.py", finished, root=tmp_path)
    readme = (tmp_path / "README.md").read_text(encoding="utf-8")
    assert readme != (ROOT / "README.md").read_text(encoding="utf-8")
    assert readme.count("<!-- tables -->") == readme.count("<!-- end of tables -->") == 1
    assert "64 random points" in readme
    assert (tmp_path / "docs" / "accuracy-against-seconds.svg").read_text().startswith("<svg")
    for layout in ("1x24", "24x1"):
        model = tmp_path / "models" / f"{layout}.onnx"
        assert model.read_bytes() != (ROOT / "models" / f"{layout}.onnx").read_bytes()
    assert "best of 2 restarts" in (tmp_path / "models" / "README.md").read_text(encoding="utf-8")


def test_publishing_refuses_an_unfinished_run(finished, tmp_path):
    shutil.copytree(finished, tmp_path / "half")
    import sqlite3

    with sqlite3.connect(tmp_path / "half" / "results.sqlite") as database:
        database.execute("DELETE FROM solves")
    database.close()
    done = subprocess.run(
        [sys.executable, ROOT / "benchmarks" / "publish.py", tmp_path / "half"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "not finished" in done.stderr


@pytest.fixture
def on_path(monkeypatch):
    """The benchmarks' own modules can be imported, here and in the processes started from here."""
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))


def refused(name, *arguments):
    """What a benchmark says to a mistake, on stderr; never a traceback."""
    done = subprocess.run(
        [sys.executable, ROOT / "benchmarks" / name, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    return done.stderr


def test_encodings_print_times_ratios_and_agreement():
    from surrogate.encodings import ENCODINGS

    table = benchmark("encodings.py", "--quick")
    assert re.search(rf"^ layout +{' +'.join(ENCODINGS)} +auto$", table, re.M)
    assert re.search(r"^ 24x1 +[\d.]+ ", table, re.M)
    assert "Times faster than omlt" in table
    solves = len(ENCODINGS) + 1
    assert re.search(rf"^ T = 1 +24x1 .* {solves} of {solves} .* yes$", table, re.M)
    assert re.search("^What auto chose$", table, re.M)


def test_peers_print_times_ratios_and_agreement():
    table = benchmark("peers.py", "--quick")
    assert re.search(r"^ layout +auto +OMLT \+ HiGHS", table, re.M)
    assert re.search(r"^ all +[\d.]+x", table, re.M)
    assert re.search(r"auto is slower (than the fastest peer by at most|nowhere)", table)
    assert re.search(r"^ T = 1 +24x1 .* yes$", table, re.M)


def test_peers_that_are_not_installed_are_left_out_by_name():
    code = (
        "import importlib.util, runpy, sys; find = importlib.util.find_spec;"
        "gone = ('gurobi', 'pyscipopt');"
        "importlib.util.find_spec = lambda n: None if n.startswith(gone) else find(n);"
        f"sys.path.insert(0, {str(ROOT / 'benchmarks')!r}); sys.argv = ['peers.py', '--quick'];"
        "runpy.run_module('peers', run_name='__main__')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    for name in ("PySCIPOpt-ML + SCIP", "gurobi-ml + Gurobi"):
        assert f'{name}: not installed; pip install -e ".[peers]"' in done.stdout
    assert re.search(r"^ layout +auto +OMLT \+ HiGHS$", done.stdout, re.M)


def test_higher_dimension_prints_times_ratios_gaps_and_agreement():
    table = benchmark("higher_dimension.py", "--quick")
    assert len(re.findall(r"^ net +auto +bigm +OMLT \+ HiGHS", table, re.M)) == 2
    assert re.search(r"^ +bigm +OMLT", table, re.M)  # auto is faster by
    assert "Final gap, %" in table
    assert re.search(r"^ T = 1 +mixed5-1x24 +- +bigm by HiGHS$", table, re.M)  # 24 integers
    for group in ("T = 1", "production, T = 1"):
        assert re.search(rf"^ {group} +mixed5-1x24 .* yes$", table, re.M)


def test_problems_print_regret_seconds_and_proofs(tmp_path):
    table = benchmark("problems.py", "--quick", "--nets", tmp_path)
    number = r" +[\d.]+"
    for problem in ("haverly1", "peaks", "linked"):
        assert re.search(rf"^ {problem} +1x4{number * 6} +auto and omlt$", table, re.M)
    assert re.search(r"^ omlt +[\d.]+ +[\d.]+ ", table, re.M)
    assert "within 2 % of the optimum" in table
    nets = {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    assert sorted(nets) == ["peaks-1x4.onnx", "xy-1x4.onnx"]
    again = benchmark("problems.py", "--quick", "--problems", "peaks", "--nets", tmp_path)
    assert re.search(r"^ peaks +1x4 ", again, re.M)
    assert "Haverly" not in again
    assert {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == nets


def test_problems_name_mistakes(tmp_path):
    assert "invalid choice: 'reformer'" in refused("problems.py", "--problems", "reformer")
    assert "layout '3y8' is not understood" in refused("problems.py", "--layouts", "3y8")
    for wrong in (("--samples", -3), ("--rel-gap", -1)):
        assert "must be at least 1" in refused("problems.py", *wrong)
    (tmp_path / "peaks-1x4.onnx").write_bytes(b"no net")
    damaged = ("--quick", "--problems", "peaks", "--nets", tmp_path)
    assert "peaks-1x4.onnx" in refused("problems.py", *damaged)


@pytest.mark.usefixtures("on_path")
def test_a_kept_net_serves_only_what_it_was_made_for(tmp_path):
    from dataclasses import replace

    from problem_nets import NetTask, Recipe, is_kept

    from surrogate import Network, save

    task = NetTask("haverly1", 0, "1x1", Recipe(4, 100, None), tmp_path / "xy-1x1.onnx")
    assert not is_kept(task)
    net = Network(([[1.0], [1.0]], [[1.0]]), ([0.0], [0.0]), task.function.box)
    save(replace(net, provenance=task.recipe.provenance(task.function)), task.path)
    assert is_kept(task)
    assert is_kept(replace(task, problem="linked"))
    assert not is_kept(replace(task, problem="peaks"))
    for other in (Recipe(5, 100, None), Recipe(4, 101, None), Recipe(4, 100, 9.0)):
        assert not is_kept(replace(task, recipe=other))


@pytest.fixture
def slope(tmp_path):
    """A net for peaks that is x + y on [-3, 3]^2, and so is least at (-3, -3)."""
    from surrogate import Box, Network, save

    net = Network(([[1.0], [1.0]], [[1.0]]), ([6.0], [-6.0]), Box.of([(-3, 3)] * 2))
    save(net, tmp_path / "slope.onnx")
    return str(tmp_path / "slope.onnx")


@pytest.mark.usefixtures("on_path")
@pytest.mark.parametrize("solver", ["auto", "omlt"])
def test_a_decision_is_judged_under_the_truth(solver, slope):
    from problem_solves import ProblemTask, prepare
    from timing import Clock

    task = ProblemTask(solver, "peaks", (slope,), 0, 1e-4)
    answer = prepare(task)(Clock(time.perf_counter(), 60.0))
    # peaks(-3, -3) by its formula: 48 e^-13 - 10 (-3/5 + 27 + 243) e^-18 - e^-13 / 3
    there = (48 - 1 / 3) * math.exp(-13) - 10 * (-0.6 + 27 + 243) * math.exp(-18)
    assert (answer.status, answer.objective) == ("optimal", pytest.approx(-6.0))
    assert answer.repaired == pytest.approx(there, abs=1e-9)
    assert answer.error == pytest.approx(there + 6.0)
    assert answer.regret == pytest.approx((there + 6.551134) / (8.106214 + 6.551134))
    assert 0.0 < answer.seconds < 60.0


@pytest.mark.usefixtures("on_path")
def test_a_solve_without_a_decision_has_no_regret():
    from problem_solves import ProblemTask, run_judged

    net = str(ROOT / "models" / "3x8.onnx")
    early = run_judged(ProblemTask("omlt", "haverly1", (net,), 0, 1e-4), 1e-9)
    lost = run_judged(ProblemTask("omlt", "haverly1", ("none.onnx",), 0, 1e-4), 5.0)
    assert (early.answer.status, early.solved) == ("timeout", False)
    assert lost.answer.status == "failed"
    for outcome in (early, lost):
        assert (outcome.answer.regret, outcome.answer.repaired) == (None, None)


@pytest.mark.usefixtures("on_path")
def test_the_worst_seed_counts_and_contradicting_bounds_are_found():
    from comparing import Run
    from problem_solves import Judged
    from problem_tables import contradictions, haverly_table, layouts_table, percent
    from timing import Outcome

    def run(solver, seed, objective, bound, regret, seconds=1.0, status="optimal"):
        profit = None if regret is None else 400 * (1 - regret)
        answer = Judged(status, objective, bound, repaired=profit, regret=regret, error=regret)
        return Run(solver, "haverly1", "3x8", seed, Outcome(answer, seconds, 60.0))

    assert percent([0.001, 0.02]) == "2.00"
    assert percent([-1e-9]) == "0.00"
    assert percent([0.001, None]) == percent([]) == "-"
    # Haverly 1 is maximised: bounds come from above.
    good = [run("auto", 0, 400.0, 400.01, 0.0), run("auto", 1, 398.0, 400.0, 0.0125)]
    out = run("omlt", 0, None, 500.0, None, 60.0, "timeout")
    found = layouts_table([*good, out], {("haverly1", "3x8"): (5e-5,)}).rows
    assert found == (("haverly1", "3x8", "5.0e-05", "1.25", "0.75", "0.0125", "1.00",
                      "> 60 (no solution)", "auto"),)  # fmt: skip
    table = haverly_table("3x8", [*good, out])
    assert table.rows[0] == ("auto", "398.00", "395.00", "1.25", "1.00")
    assert table.rows[1] == ("omlt", "-", "-", "-", "> 60 (no solution)")
    assert "optimum yes, proved in under 30 s yes" in table.notes[1]
    slow = [run("auto", 0, 400.0, 400.0, 0.03, 31.0)]
    assert "optimum NO, proved in under 30 s NO" in haverly_table("3x8", [*slow, out]).notes[1]
    assert contradictions([*good, out], 1e-4) == []
    low = run("omlt", 1, None, 399.9, None, 60.0, "timeout")
    (line,) = contradictions([*good, low], 1e-4)
    assert line == "haverly1, 3x8, omlt seed 1: bound 399.9, but a solution has 400"


def test_workers_prints_seconds_of_one_process_and_of_several():
    table = benchmark("workers.py", "--quick")
    assert re.search(r"^ mixed5-2x24 +3 +0( +[\d.]+){2} +[\d.]+x$", table, re.M)


def test_reuse_prints_seconds_and_ratios():
    table = benchmark("reuse.py", "--quick")
    assert "mixed5-1x24" in table
    for known in ("the same again", "the same, changed", "after others", "compiled before"):
        assert re.search(rf"^ {known}( +[\d.]+){{3}} +\d of 2$", table, re.M)
    assert re.search(r"^ compiled, after others( +[\d.]+){3} +\d of 2$", table, re.M)
    assert re.search(r"^ mixed5-1x24 +\d+ +[\d.]+$", table, re.M)  # cells, and reading them


def test_mixed_prints_times_and_ratios():
    table = benchmark("mixed.py", "--quick", "--peers", "omlt")
    assert re.search(r"^ knapsack +[\d.]+ +(> 5 \(.*\)|[\d.]+)$", table, re.M)
    assert re.search(r"^ all +[\d.]+x$", table, re.M)
    assert "--models must be at least 1" in refused("mixed.py", "--models", 0)


def test_higher_dimension_names_mistakes():
    assert "no instance has the net 'xy'" in refused("higher_dimension.py", "--nets", "xy")
    left = ("--only", "T = 2", "--nets", "mixed5-3x8")
    assert "leave no instance" in refused("higher_dimension.py", *left)
    assert "no net 'mixed5-1x24'" in refused("higher_dimension.py", "--models", ROOT / "models")


def test_higher_nets_are_trained_and_described(tmp_path):
    benchmark("higher_nets.py", "--only", "mixed5-1x24", "--out", tmp_path)
    assert (tmp_path / "mixed5-1x24.onnx").is_file()
    page = (tmp_path / "README.md").read_text(encoding="utf-8")
    assert re.search(r"^\| mixed5-1x24.onnx \| 10000 \| \S+ \|", page, re.M)
    assert "mixed10" not in page


@pytest.mark.usefixtures("on_path")
@pytest.mark.parametrize("problem", ["linked", "production"])
@pytest.mark.parametrize("solver", ["omlt", "scip-sos", "scip-bigm", "gurobi"])
def test_peers_get_the_instance_that_surrogate_solves(problem, solver):
    from linked_solves import LinkedTask, prepare
    from peer_models import PEERS
    from timing import Clock

    if not PEERS[solver].installed:
        pytest.skip(f"{PEERS[solver].name} is not installed")
    path = str(ROOT / "models" / "8x3.onnx")
    ours, theirs = (
        prepare(LinkedTask(name, path, 2, 1, 0, 1e-6, problem))(Clock(time.perf_counter(), 60.0))
        for name in ("surrogate:auto", solver)
    )
    assert (ours.status, theirs.status) == ("optimal", "optimal")
    assert theirs.objective == pytest.approx(ours.objective, rel=1e-4, abs=1e-4)
    assert theirs.bound == pytest.approx(ours.objective, rel=1e-4, abs=1e-4)


def test_linked_benchmarks_name_mistakes():
    assert "no net '7x7'" in refused("peers.py", "--layouts", "7x7")
    assert "at least 1" in refused("encodings.py", "--copies", 0)
    assert "invalid choice: 'best'" in refused("encodings.py", "--encodings", "best")


def test_public_nets_solve_both_directions_over_the_right_box(tmp_path):
    for name in ("own", "given"):
        shutil.copy(ROOT / "models" / "24x1.onnx", tmp_path / f"{name}.onnx")
    (tmp_path / "damaged.onnx").write_bytes(b"no net")
    (tmp_path / "boxes.json").write_text('{"given": {"lower": [0, 0], "upper": [1, 0.5]}}')
    table = benchmark("public_nets.py", tmp_path, "--time-limit", 20)
    assert re.search(r"^not read: .*damaged.onnx", table, re.M)
    assert re.search(r"^ given +2 +24x1 +1 +24 +boxes.json$", table, re.M)
    assert re.search(r"^ own +2 +24x1 +1 +24 +the file's own$", table, re.M)
    assert len(re.findall(r"^ (?:own|given) +0 +(?:minimize|maximize) ", table, re.M)) == 4
    for encoding in ("omlt", "auto"):
        assert re.search(rf"^ {encoding} +4 of 4 ", table, re.M)


def test_public_nets_keep_to_rows_on_the_inputs(tmp_path):
    # y = |x0| + x1 on [-1, 2] x [0, 1] with x0 + x1 <= 0.25 and x0 >= -0.5: y in [0, 1.25]
    from surrogate import Box, Network, save

    w = [[1.0, -1.0, 0.0], [0.0, 0.0, 1.0]]
    box = Box.of([(-1, 2), (0, 1)])
    save(Network((w, [[1.0]] * 3), ([0.0] * 3, [0.0]), box), tmp_path / "made.onnx")
    rows = {"matrix": [[1, 1], [-1, 0]], "rhs": [0.25, 0.5]}
    entry = {"lower": [-1, 0], "upper": [2, 1], "rows": rows}
    (tmp_path / "boxes.json").write_text(json.dumps({"made": entry}))
    encodings = ("omlt", "auto", "bigm", "facets")
    table = benchmark("public_nets.py", tmp_path, "--encodings", *encodings)
    assert re.search(r"^ made +2 +1x3 +1 +3 +boxes.json, 2 rows$", table, re.M)
    assert re.search(r"^ made +0 +minimize +-?0(?:\.0*)? ", table, re.M)
    assert re.search(r"^ made +0 +maximize +1\.250* ", table, re.M)
    for encoding in encodings:
        assert re.search(rf"^ {encoding} +2 of 2 ", table, re.M)
    for wrong in ({"matrix": [[1]], "rhs": [1]}, {"matrix": [[1, 1]], "rhs": []}, {"rhs": [1]}, 3):
        (tmp_path / "boxes.json").write_text(json.dumps({"made": entry | {"rows": wrong}}))
        assert "boxes.json" in refused("public_nets.py", tmp_path)


def test_public_nets_name_mistakes(tmp_path):
    assert "is no folder" in refused("public_nets.py", tmp_path / "none")
    assert "no net to solve" in refused("public_nets.py", tmp_path)
    shutil.copy(ROOT / "models" / "24x1.onnx", tmp_path)
    for text in ("{", '{"24x1": {"lower": [0]}}', '{"24x1": {"lower": [0], "upper": [1]}}'):
        (tmp_path / "boxes.json").write_text(text)
        assert "boxes.json" in refused("public_nets.py", tmp_path)


def test_building_prints_ratios():
    table = benchmark("building.py", "--quick")
    for model in ("random 5 - 2x10 - 5", "8 copies of 3x8"):
        rows = re.findall(
            rf"^ {model} +(OMLT|bigm|embed, bigm) +[\d.]+ +[\d.]+ +[\d.]+x", table, re.M
        )
        assert rows == ["OMLT", "bigm", "embed, bigm"]
    assert "does not exist" in refused("building.py", "none.onnx")


def behave(task):
    """A `prepare` for `run_fresh` that does what it is told, before or in the solve."""
    from timing import Answer

    def solve(clock):
        if task == "raise":
            raise ValueError("no good")
        if task == "crash":
            os.kill(os.getpid(), signal.SIGKILL)
        time.sleep({"overrun": 60.0, "late": 0.2}.get(task, 0.0))
        return Answer("optimal", 2.0, 1.0, (0.0,), f"{clock.left():.0f} left")

    if task == "unprepared":
        raise ImportError("no such package")
    return solve


@pytest.mark.usefixtures("on_path")
def test_a_fresh_solve_ends_whatever_happens():
    from timing import run_fresh

    def outcome(task, limit):
        return run_fresh(behave, task, limit, grace=0.5)

    good = outcome("good", 30.0)
    assert good.solved
    assert good.answer.note == "30 left"
    assert good.gap == 0.5
    assert good.counted == good.seconds < 5.0
    late = outcome("late", 0.1)
    assert (late.answer.status, late.solved, late.counted) == ("optimal", False, 0.1)
    killed = outcome("overrun", 0.2)
    assert (killed.answer.status, killed.timed, killed.counted) == ("timeout", True, 0.2)
    assert "killed" in killed.answer.note
    for task, note in (
        ("raise", "ValueError: no good"),
        ("unprepared", "ImportError: no such package"),
        ("crash", "exit code -9"),
    ):
        failed = outcome(task, 30.0)
        assert (failed.answer.status, failed.timed) == ("failed", False)
        assert note in failed.answer.note


def run_of(solver, seconds, status="optimal", row="3x8", **answer):
    from comparing import Run
    from timing import Answer, Outcome

    return Run(solver, "T = 4", row, 0, Outcome(Answer(status, **answer), seconds, 60.0))


@pytest.mark.usefixtures("on_path")
def test_means_and_ratios_count_timeouts_at_the_limit_and_leave_refusals_out():
    from comparing import cell, mean_seconds, times_faster

    slow = [run_of("a", 1.0, row="1x24"), run_of("a", 61.5, "timeout")]
    fast = [run_of("b", 0.0, row="1x24"), run_of("b", 0.1, "refused", note="10 inputs")]
    assert mean_seconds(slow) == pytest.approx((2 * 61) ** 0.5 - 1)
    assert times_faster([*slow, run_of("c", 1.0)], "c", "a") == pytest.approx(60.0)
    assert math.isnan(times_faster(fast[1:] + slow, "b", "a"))
    assert cell(fast[1:]) == "refused"
    assert cell(slow[1:]) == "> 60 (no solution)"
    gap = run_of("a", 60.0, "timeout", objective=-2.0, bound=-2.5)
    assert cell([gap]) == "> 60 (gap 25.0 %)"
    assert cell([slow[0], gap]) == "10.0 (1 of 2 out, gap 25.0 %)"


@pytest.mark.usefixtures("on_path")
def test_contradictions_are_found():
    from comparing import compare

    def complaints(*runs):
        return compare("3x8", runs, lambda x: float(x[0]), 1e-4).complaints

    early = run_of("early", 60.0, "timeout", objective=-1.0, bound=-3.0, x=(-2.0,))
    errors = [
        compare("plan", [early], lambda x: float(x[0]), 1e-4, decisions=others).error
        for others in (False, True)
    ]
    assert errors == [1.0, 0.0]

    good = run_of("good", 1.0, objective=-2.0, bound=-2.0001, x=(-2.0,))
    open_ = run_of("open", 60.0, "timeout", objective=-1.0, bound=-3.0, x=(-1.0,))
    assert complaints(good, open_) == ()
    cut = run_of("cut", 60.0, "timeout", objective=-1.0, bound=-1.5, x=(-1.0,))
    assert ["bound -1.5 above -2" in line for line in complaints(good, cut)] == [True]
    worse = run_of("worse", 1.0, objective=-1.9, bound=-2.0, x=(-1.9,))
    assert ["optimum -1.9, others found -2" in line for line in complaints(good, worse)] == [True]
    lying = run_of("lying", 1.0, objective=-2.0, bound=-2.0, x=(-1.8,))
    assert ["the network says -1.8" in line for line in complaints(good, lying)] == [True]
