"""A model that is built twice is the same file."""

import subprocess
import sys
from pathlib import Path

import pyomo.environ as pyo
import pytest

from surrogate.encodings import ENCODINGS
from tests.encodings.models import embedded
from tests.nets import make_net

# OMLT names the blocks of "omlt" by id(layer): two runs never write the same file.
OURS = [name for name in ENCODINGS if name != "omlt"]

CODE = """
import sys
from pathlib import Path
from tests.encodings.test_files import OURS, write
for encoding in OURS:
    for method in ("interval", "milp"):
        write(encoding, method, Path(sys.argv[1]))
"""


def write(encoding, method, folder):
    """The .lp file of a model with a net, as bytes."""
    model, _ = embedded(make_net((4, 3), n_outputs=2, seed=40), encoding, bounds=method)
    path = folder / f"{encoding}-{method}.lp"
    model.write(str(path), io_options={"symbolic_solver_labels": True})
    return path.read_bytes()


def test_two_processes_write_the_same_files(tmp_path):
    root = str(Path(__file__).parents[2])
    for seed in "12":
        (tmp_path / seed).mkdir()
        command = [sys.executable, "-c", CODE, str(tmp_path / seed)]
        subprocess.run(
            command, check=True, cwd=root, env={"PYTHONHASHSEED": seed, "PYTHONPATH": root}
        )
    names = sorted(path.name for path in (tmp_path / "1").iterdir())
    assert len(names) == 2 * len(OURS)
    for name in names:
        assert (tmp_path / "1" / name).read_bytes() == (tmp_path / "2" / name).read_bytes()


@pytest.mark.parametrize("encoding", OURS)
def test_a_model_built_again_is_the_same_file(encoding, tmp_path):
    assert write(encoding, "crown", tmp_path) == write(encoding, "crown", tmp_path)


@pytest.mark.parametrize("encoding", OURS)
def test_no_name_holds_an_id(encoding):
    model, _ = embedded(make_net((4, 3), seed=41), encoding)
    for kind in (pyo.Var, pyo.Constraint, pyo.Block):
        for component in model.component_data_objects(kind, descend_into=True):
            digits = "".join(c if c.isdigit() else " " for c in component.name).split()
            assert all(int(d) < 10_000 for d in digits)
