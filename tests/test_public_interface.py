"""The exported names, and what importing them costs."""

import subprocess
import sys

import pytest

import surrogate as sg
from surrogate.study import Study
from tests.stored import store

SLOW = {
    "highspy",
    "jinja2",
    "matplotlib",
    "networkx",
    "omlt",
    "onnx",
    "onnxruntime",
    "pyomo",
    "scipy",
    "torch",
}


def test_the_public_names():
    assert sg.__all__ == [
        "Bounds",
        "Box",
        "CellFileWarning",
        "Compiled",
        "Dataset",
        "Embedding",
        "Hull",
        "HullWarning",
        "LinearConstraints",
        "Network",
        "Results",
        "Solution",
        "Split",
        "Strengthening",
        "Study",
        "SurrogateError",
        "Trained",
        "TrainingWarning",
        "compile_network",
        "compute_bounds",
        "embed",
        "load",
        "run",
        "save",
        "simplify",
        "solve",
        "strengthen",
        "train",
        "train_layouts",
    ]
    for name in sg.__all__:
        assert getattr(sg, name).__doc__
    assert set(sg.__all__) < set(dir(sg))


def test_importing_surrogate_loads_nothing_heavy():
    code = (
        "import sys, surrogate; heavy = {'torch', 'onnxruntime', 'onnx', 'pyomo', 'pandas'}; "
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("arguments", "unneeded"),
    [
        (["--help"], {"numpy", "pandas", "pydantic"}),
        (["run", "--help"], {"numpy", "pandas"}),
        (["choose", "FOLDER"], set()),
        (["choose", "FOLDER", "--json"], set()),
    ],
)
def test_what_answers_at_once_loads_nothing_slow(tmp_path, arguments, unneeded):
    study = Study(problem="haverly1", layouts=["1x4", "2x2"], neurons=4, encodings=["auto", "bigm"])
    folder = store(tmp_path / "x", study, {"1x4": 0.02, "2x2": 0.01}, study.encodings)
    given = [str(folder) if word == "FOLDER" else word for word in arguments]
    code = (
        "import atexit, sys; from surrogate.cli import main; sys.argv[0] = 'surrogate'; "
        f"atexit.register(lambda: print(sorted({unneeded | SLOW} & set(sys.modules)))); main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *given], capture_output=True, text=True, check=True
    )
    assert len(done.stdout.splitlines()) > 1
    assert done.stdout.splitlines()[-1] == "[]"


def test_embedding_and_solving_load_neither_torch_nor_onnxruntime():
    code = (
        "import sys, surrogate as sg; sg.load, sg.save, sg.embed, sg.solve, sg.compute_bounds, "
        "sg.run, sg.Study; print(sorted({'torch', 'onnxruntime'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_every_error_is_a_surrogate_error_and_a_builtin_one():
    from surrogate import errors

    tree = [e for e in vars(errors).values() if isinstance(e, type)]
    assert len(tree) > 10
    for error in tree:
        assert issubclass(error, errors.SurrogateError)
        if error is not errors.SurrogateError:
            assert issubclass(error, ValueError | OSError | RuntimeError)
        assert error.__name__ in errors.__doc__
