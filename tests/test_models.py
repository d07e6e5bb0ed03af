"""The published nets: each loads, and is as good as its page and the README's table say."""

import re
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

import surrogate as sg
from surrogate.functions import FUNCTIONS
from surrogate.layouts import constant_width_layouts

ROOT = Path(__file__).parent.parent
CLAIMS = {
    layout: tuple(map(float, errors))
    for layout, *errors in re.findall(
        r"^\| (\S+)\.onnx \| \d+ \| (\S+) \| (\S+) \| (\S+) \|$",
        (ROOT / "models" / "README.md").read_text(encoding="utf-8"),
        re.M,
    )
}


def test_there_is_one_model_per_layout():
    assert tuple(CLAIMS) == constant_width_layouts(24)
    assert {p.stem for p in (ROOT / "models").glob("*.onnx")} == set(CLAIMS)


@pytest.mark.parametrize("layout", CLAIMS)
def test_a_model_has_the_error_it_claims(layout):
    path = ROOT / "models" / f"{layout}.onnx"
    net, xy = sg.load(path), FUNCTIONS["xy"]
    assert (net.layout, net.box) == (layout, xy.box)
    assert net.provenance["recipe"] == "origin"
    grid = xy.grid()
    session = onnxruntime.InferenceSession(path.read_bytes())
    (theirs,) = session.run(None, {session.get_inputs()[0].name: grid.astype(np.float32)})
    for values in (net(grid), theirs):
        error = np.abs(values - xy(grid))
        measured = (error.mean(), (error**2).mean(), error.max())
        assert measured == pytest.approx(CLAIMS[layout], rel=2e-4)


HIGHER = {
    name: tuple(map(float, figures))
    for name, *figures in re.findall(
        r"^\| (\S+)\.onnx \| (\d+) \| (\S+) \| (\S+) \| (\S+) \| (\S+) \|$",
        (ROOT / "models" / "higher" / "README.md").read_text(encoding="utf-8"),
        re.M,
    )
}


def test_the_page_of_higher_dimensions_has_all_its_models():
    assert {p.stem for p in (ROOT / "models" / "higher").glob("*.onnx")} == set(HIGHER)
    assert len(HIGHER) == 6


@pytest.mark.parametrize("name", HIGHER)
def test_a_model_of_a_higher_dimension_has_the_error_it_claims(name):
    net = sg.load(ROOT / "models" / "higher" / f"{name}.onnx")
    truth, layout = FUNCTIONS[name.split("-")[0]], name.split("-")[1]
    assert (net.layout, net.box) == (layout, truth.box)
    assert net.provenance["function"] == truth.formula
    grid = truth.grid()
    values = truth(grid)
    error = np.abs(net(grid) - values)
    constant = np.abs(values - np.median(values)).mean()
    measured = (error.mean(), (error**2).mean(), error.max(), constant)
    assert measured == pytest.approx(HIGHER[name][1:], rel=2e-4)


def test_the_readmes_table_shows_these_models():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for layout, (mae, mse, largest) in CLAIMS.items():
        row = next(line for line in readme.splitlines() if line.startswith(f"| {layout} | "))
        cells = [float(c.replace(",", "")) for c in re.findall(r"[\d.,]+", row.split("|", 2)[2])]
        assert cells[0] == pytest.approx(mae * 1e3, rel=6e-3)
        assert cells[4] == pytest.approx(mse * 1e5, rel=6e-3)
        assert cells[8] == pytest.approx(largest * 1e3, rel=6e-3)
