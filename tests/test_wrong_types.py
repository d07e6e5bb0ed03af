"""An argument of a wrong type is an `InputError` that says what to give, in every room."""

import pyomo.environ as pyo
import pytest

import surrogate as sg
from surrogate.bounds import METHODS
from surrogate.encodings import ENCODINGS, BigM
from surrogate.errors import EmbeddingError, InputError, NetworkError
from surrogate.problems import box_problem, linked_problem
from tests.nets import make_net

NET = make_net((3,))
CSV = "a,b\n1,2\n3,5\n"


def embedded(**more):
    model = pyo.ConcreteModel()
    model.x = pyo.Var(range(2), bounds=(-1, 1))
    model.net = pyo.Block()
    return sg.embed(model.net, NET, model.x, **more)


@pytest.mark.parametrize(
    "use",
    [
        sg.compute_bounds,
        sg.simplify,
        lambda net: box_problem(net, "minimize"),
        lambda net: linked_problem(net, 2),
        lambda net: sg.save(net, "never.onnx"),
    ],
)
@pytest.mark.parametrize("net", ["net.onnx", None, 3])
def test_what_is_no_network(use, net):
    message = f"{net!r} is no Network but {type(net).__name__}; load a file with surrogate.load"
    with pytest.raises(NetworkError) as caught:
        use(net)
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"method": ["lp"]}, f"bounds method ['lp'] is unknown; use one of {', '.join(METHODS)}"),
        ({"constraints": [[1, 1]]}, "constraints are list; give surrogate.LinearConstraints("),
        ({"time_limit": "5"}, "time_limit is '5'; give seconds, more than 0, or None"),
        ({"time_limit": True}, "time_limit is True; give seconds"),
        ({"workers": "2"}, "workers is '2'; give a whole number, at least 1"),
        ({"workers": 1.5}, "workers is 1.5; give a whole number, at least 1"),
    ],
)
def test_bounds(arguments, message):
    with pytest.raises(InputError) as caught:
        sg.compute_bounds(NET, **arguments)
    assert str(caught.value).startswith(message)


def test_simplify_wants_bounds_and_not_their_method():
    with pytest.raises(InputError, match="bounds are str; give what surrogate"):
        sg.simplify(NET, bounds="lp")


@pytest.mark.parametrize("name", ENCODINGS)
def test_formulations(name):
    bounds = sg.compute_bounds(NET)
    with pytest.raises(EmbeddingError, match="bounds are str; give what surrogate"):
        ENCODINGS[name](NET, "lp")
    with pytest.raises(EmbeddingError, match=r"'net.onnx' is no Network but str; load a file"):
        ENCODINGS[name]("net.onnx", bounds)


def test_a_formulation_still_takes_bounds():
    assert BigM(NET, sg.compute_bounds(NET)).net is NET


@pytest.mark.parametrize("encoding", [["bigm"], None, 3])
def test_encodings(encoding):
    with pytest.raises(EmbeddingError) as caught:
        embedded(encoding=encoding)
    assert str(caught.value).startswith(f"encoding {encoding!r} is unknown; use one of auto, ")


@pytest.mark.parametrize(
    "use",
    [
        sg.load,
        sg.Bounds.load,
        sg.Study.load,
        lambda path: sg.save(NET, path),
        lambda path: sg.compute_bounds(NET).save(path),
        lambda path: sg.Dataset.from_csv(path, "y"),
    ],
)
@pytest.mark.parametrize("path", [3, None, b"net.onnx"])
def test_paths(use, path):
    with pytest.raises(InputError) as caught:
        use(path)
    assert str(caught.value).startswith(f"{path!r} is no path but {type(path).__name__}; give a")


@pytest.mark.parametrize(
    ("outputs", "inputs", "message"),
    [
        (2, None, "outputs is 2; give the names of columns"),
        ("b", 1, "inputs is 1; give the names of columns"),
        ([2], None, "column 2 is unknown; the columns are 'a', 'b'"),
    ],
)
def test_columns_of_a_file(tmp_path, outputs, inputs, message):
    (tmp_path / "t.csv").write_text(CSV)
    with pytest.raises(InputError, match=message):
        sg.Dataset.from_csv(tmp_path / "t.csv", outputs, inputs)
