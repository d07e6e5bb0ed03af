"""`surrogate run` as a user starts it: the quick study, its tables, Ctrl-C and resume."""

import os
import re
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import fields

import numpy as np
import pytest

from surrogate.onnx_files import load
from surrogate.study import Results, Study
from surrogate.study.environment import Environment
from surrogate.study.rows import RefineRow
from surrogate.study.store import Store
from tests.stored import store

SURROGATE = [sys.executable, "-m", "surrogate"]


@pytest.fixture(scope="module")
def quick(tmp_path_factory):
    """`surrogate run --quick` in a process of its own, in an empty folder."""
    folder = tmp_path_factory.mktemp("user")
    done = subprocess.run(
        [*SURROGATE, "run", "--quick"], cwd=folder, capture_output=True, text=True, check=False
    )
    return done, folder / "runs" / "xy-24-quick"


def test_the_quick_study_runs_as_a_user_starts_it(quick):
    done, folder = quick
    assert done.returncode == 0, done.stderr
    assert "training 8/8" in done.stderr
    assert "solving 96/96" in done.stderr
    assert "left" in done.stderr
    assert "swaps its first two headings" in done.stdout
    assert done.stdout.strip().splitlines()[-1].startswith(("Use ", "No recommendation"))
    assert len(list((folder / "nets").glob("*.onnx"))) == 16
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "<svg" in page
    assert "not finished" not in page


def test_every_audit_error_of_the_quick_study_is_below_1e_6(quick):
    _, folder = quick
    results = Results.load(folder)
    assert len(results.solves) == 96
    assert results.solves["audit_error"].max() < 1e-6
    assert results.solves["pattern_matches"].all()
    assert (results.nets["onnxruntime_error"] < 1e-5).all()


def test_the_printed_tables_agree_with_the_store(quick):
    done, folder = quick
    with closing(sqlite3.connect(folder / "results.sqlite")) as database:
        best = dict(
            database.execute(
                "SELECT layout, mae FROM nets n WHERE training_mae = "
                "(SELECT min(training_mae) FROM nets WHERE layout = n.layout)"
            )
        )
        nodes = database.execute(
            "SELECT solver_seed, sum(nodes) FROM solves JOIN nets USING (layout, restart) "
            "WHERE layout = '3x8' AND training_mae = "
            "(SELECT min(training_mae) FROM nets WHERE layout = '3x8') GROUP BY solver_seed"
        ).fetchall()
    for layout, mae in best.items():
        (row,) = re.findall(rf"^ {layout} +([\d.,]+) ", done.stdout.split("Solving:")[0], re.M)
        assert float(row.replace(",", "")) == pytest.approx(mae * 1e3, rel=5e-3)
    (row,) = re.findall(r"^ 3x8 +best.*$", done.stdout, re.M)
    assert f"{np.median([n for _, n in nodes]):,.0f}" in row.split()


def test_report_prints_the_same_tables_again(quick, call):
    done, folder = quick
    code, out, err = call("report", folder)
    assert code == 0
    assert out == done.stdout
    assert "report.html" in err


def test_a_second_run_into_the_same_folder_needs_resume(quick, call):
    _, folder = quick
    code, _, err = call("run", "--quick", "--out", folder)
    assert code == 2
    assert "--resume" in err
    code, out, _ = call("run", "--quick", "--out", folder, "--resume")
    assert code == 0
    assert "Use " in out


def test_ctrl_c_keeps_what_is_done_and_resume_finishes_it(tmp_path):
    study = tmp_path / "study.toml"
    study.write_text(
        'name = "s"\nneurons = 4\nsamples = 400\nrestarts = 2\nepochs = 3\nsolver_seeds = [0]\n'
    )
    command = [*SURROGATE, "run", str(study), "--out", str(tmp_path / "out"), "--workers", "1"]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    database = tmp_path / "out" / "results.sqlite"
    while process.poll() is None and not _rows(database, "nets"):
        pass
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: the whole group
    _, err = process.communicate()
    assert process.returncode == 130, err
    assert "Traceback" not in err
    assert "--resume" in err
    kept = _rows(database, "nets")
    assert 0 < kept <= 6
    done = subprocess.run([*command, "--resume"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert _rows(database, "nets") == 6
    assert _rows(database, "solves") == 3 * 2 * 2
    for file in (tmp_path / "out" / "nets").glob("*.onnx"):
        load(file)


def _rows(database, table):
    try:
        with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
            return connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
    except sqlite3.OperationalError:  # not there yet
        return 0


def test_an_interrupt_tells_what_is_safe(call, tmp_path, monkeypatch):
    study = Study(layouts=["1x24", "2x12"], restarts=2, solver_seeds=[0])
    folder = store(tmp_path / "x", study)

    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("surrogate.study.running.run", interrupted)
    code, _, err = call("run", "--out", folder)
    assert code == 130
    assert f"interrupted; 4 nets, 8 solves are safe in {folder}" in " ".join(err.split())
    with closing(Store.open(folder)) as opened:
        opened.record_environment(Environment.current(1))
        opened.add_refinement([refined("1x24", k) for k in range(3)])
    _, _, err = call("run", "--out", folder)
    assert "4 nets, 8 solves, 2 rounds of refinement are safe" in " ".join(err.split())
    _, _, err = call("run", "--out", tmp_path / "nothing")
    assert "interrupted before there was anything to store" in err


def refined(layout, number):
    values = {field.name: None for field in fields(RefineRow)}
    known = {"layout": layout, "recipe": "origin", "round": number, "rounds": 2, "samples": 1}
    return RefineRow(**{**values, **known})
