"""Every benchmark runs and prints its table. What it measures is not tested: machines differ."""

import re
import shutil
import subprocess
import sys
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
    table = benchmark("training.py", "--epochs", 1, "--samples", 320, "--rounds", 1)
    for layout in ("1x24", "2x12", "3x8", "4x6", "6x4", "8x3", "12x2", "24x1"):
        assert re.search(rf"^{layout} +[\d.]+ +[\d.]+ +[\d.]+$", table, re.M)
    assert re.search(r"all 8 layouts, 80 nets: .* ratio [\d.]+", table)


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
