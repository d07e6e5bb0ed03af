"""Bounds on disk."""

import numpy as np
import pytest

from surrogate.bounds import METHODS, Bounds, LinearConstraints, compute_bounds
from surrogate.errors import InputError, StoreError, SurrogateError
from tests.nets import make_net


@pytest.fixture
def saved(tmp_path, net):
    rows = LinearConstraints([[1.0, 1.0]], [0.5])
    path = tmp_path / "bounds.npz"
    compute_bounds(net, method="crown", constraints=rows).save(path)
    return path


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("rows", [None, LinearConstraints([[1.0, 1.0]], [0.5])])
def test_everything_comes_back(method, rows, net, tmp_path):
    bounds = compute_bounds(net, method=method, constraints=rows)
    bounds.save(tmp_path / "b")
    again = Bounds.load(tmp_path / "b", net)
    for name in ("method", "box", "seconds", "complete", "constraints", "network_hash"):
        assert getattr(again, name) == getattr(bounds, name)
    for name in ("lower", "upper"):
        pairs = zip(getattr(again, name), getattr(bounds, name), strict=True)
        assert all(a.tolist() == b.tolist() for a, b in pairs)
    assert again.counts() == bounds.counts()
    assert [p.name for p in tmp_path.iterdir()] == ["b"]


def test_incomplete_bounds_say_so(tmp_path):
    bounds = compute_bounds(make_net((5, 5), seed=77), method="lp", time_limit=1e-9)
    bounds.save(tmp_path / "b.npz")
    assert Bounds.load(tmp_path / "b.npz").complete is False


def test_bounds_of_another_network(saved, net, tmp_path):
    assert Bounds.load(saved).network_hash == net.content_hash
    with pytest.raises(InputError, match=r"bounds of another network .*compute the bounds of this"):
        Bounds.load(saved, make_net((3, 3), seed=1))
    given = Bounds((np.zeros(2),), (np.ones(2),), "given", net.box, 0.0)
    given.save(tmp_path / "given")
    assert Bounds.load(tmp_path / "given").network_hash is None
    with pytest.raises(InputError, match="content hash unknown"):
        Bounds.load(tmp_path / "given", net)


def test_saving_replaces_a_file_whole(saved, net):
    compute_bounds(net, method="interval").save(saved)
    assert Bounds.load(saved, net).method == "interval"
    assert [p.name for p in saved.parent.iterdir()] == ["bounds.npz"]


def test_paths_that_cannot_be_written(net, tmp_path):
    bounds = compute_bounds(net)
    for path in (tmp_path / "no" / "b.npz", tmp_path, "\0", ""):
        with pytest.raises(StoreError, match="give a file name in a folder that exists"):
            bounds.save(path)
    assert list(tmp_path.parent.glob("**/.*.tmp")) == []


def test_files_that_are_none(tmp_path):
    np.save(tmp_path / "one.npy", np.zeros(3))
    np.savez(tmp_path / "other.npz", a=np.zeros(3))
    np.savez(tmp_path / "version.npz", format="surrogate bounds 99")
    np.savez(tmp_path / "pickle.npz", format=np.array([{}], dtype=object))
    (tmp_path / "empty").write_bytes(b"")
    (tmp_path / "text").write_text("lower, upper")
    for name in ("one.npy", "other.npz", "version.npz", "pickle.npz", "empty", "text", "none", ""):
        with pytest.raises(InputError, match="is no file of bounds, or is damaged"):
            Bounds.load(tmp_path / name)
    with pytest.raises(InputError, match="no regular file"):
        Bounds.load("/dev/zero")


def rewrite(path, **changes):
    with np.load(path) as archive:
        arrays = {name: archive[name] for name in archive.files}
    arrays |= changes
    np.savez(path, **{name: a for name, a in arrays.items() if a is not None})


@pytest.mark.parametrize(
    "changes",
    [
        {"lower_0": np.full(3, np.nan)},
        {"lower_0": np.full(3, 1e9)},
        {"lower_1": np.zeros(2)},
        {"upper_1": None},
        {"lower_1": np.array(["a", "b", "c"])},
        {"box": np.zeros((2, 2, 2))},
        {"box": np.array([[1.0, 1.0], [0.0, 0.0]])},
        {"box": np.zeros((3, 2))},
        {"rhs": None},
        {"rhs": np.zeros(4)},
        {"facts": None},
        {"facts": np.array(["crown", "soon", "True", ""])},
        {"facts": np.array(["crown", "1.0", "maybe", ""])},
        {"facts": np.array(["crown", "1.0"])},
        {"facts": np.array(3)},
    ],
    ids=str,
)
def test_arrays_that_do_not_fit(saved, changes):
    rewrite(saved, **changes)
    with pytest.raises(InputError, match=r"bounds.npz' is damaged"):
        Bounds.load(saved)


def test_any_damage_is_an_error_or_does_no_harm(saved, net):
    content, rng = saved.read_bytes(), np.random.default_rng(0)
    whole = Bounds.load(saved, net)
    for _ in range(300):
        damaged = bytearray(content)
        for at in rng.integers(len(content), size=rng.integers(1, 4)):
            damaged[at] = rng.integers(256)
        saved.write_bytes(
            bytes(damaged[: rng.integers(len(content)) if rng.random() < 0.3 else None])
        )
        try:
            found = Bounds.load(saved, net)
        except SurrogateError:
            continue
        assert [a.tolist() for a in found.lower] == [a.tolist() for a in whole.lower]
