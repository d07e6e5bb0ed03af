"""Cells in a file: the same tree again, and no harm from a file that is not what it should be."""

import numpy as np
import pytest

from surrogate.cells import (
    CellFileWarning,
    CellTree,
    Cover,
    cells_path,
    forget_trees,
    known_tree,
    load_tree,
    price,
    save_tree,
)
from surrogate.compiling import compile_network, load
from surrogate.compiling.compile import GAP
from surrogate.errors import BoxError, InputError, StoreError
from surrogate.network import Network
from surrogate.onnx_files import save
from tests.nets import make_net


@pytest.fixture(autouse=True)
def _fresh():
    forget_trees()


def priced_tree(net, gap=1e-3):
    """The known tree of a net, cut by pricing in one direction."""
    tree = known_tree(net, net.box)
    cover = Cover.of(tree, net.box.lower, net.box.upper)
    found = price(tree, cover, np.ones(net.n_outputs), np.full(net.n_inputs, 0.1), gap)
    tree.remember(found.best[None])
    return tree


@pytest.mark.parametrize(("n_inputs", "n_outputs"), [(2, 1), (4, 2)])
def test_a_saved_tree_comes_back(tmp_path, n_inputs, n_outputs):
    net = make_net((6, 5), n_inputs, n_outputs, seed=1)
    tree = priced_tree(net)
    save_tree(tree, tmp_path / "cells.npz")
    forget_trees()
    again = load_tree(tmp_path / "cells.npz", net)
    assert again is not tree
    assert again is known_tree(net, net.box)
    assert np.array_equal(again.lower, tree.lower)
    assert np.array_equal(again.upper, tree.upper)
    assert np.array_equal(again.points.x, tree.points.x)
    assert len(tree.points) == 1
    v, every = np.ones(n_outputs), np.arange(len(tree))
    assert np.allclose(again.planes(every, v)[0], tree.planes(every, v)[0], rtol=0, atol=1e-12)


def test_a_tree_that_was_cut_elsewhere_takes_the_cuts_too(tmp_path):
    net = make_net((6, 5), 2, seed=2)
    save_tree(priced_tree(net), tmp_path / "cells.npz")
    forget_trees()
    tree = known_tree(net, net.box)
    first = tree.halves(np.array([0]), np.array([1]))
    tree.halves(first, np.array([0]))
    load_tree(tmp_path / "cells.npz", net)
    leaves = tree.leaves
    assert np.prod(tree.upper[leaves] - tree.lower[leaves], axis=1).sum() == pytest.approx(4.0)


def arrays_of(path):
    with np.load(path) as archive:
        return {name: archive[name] for name in archive.files}


@pytest.mark.parametrize(
    "damage",
    [
        lambda arrays: arrays.pop("axes"),
        lambda arrays: arrays.update(cells=arrays["cells"] + 10_000),
        lambda arrays: arrays.update(cells=arrays["cells"] * 0),
        lambda arrays: arrays.update(cells=arrays["cells"].astype(float)),
        lambda arrays: arrays.update(axes=arrays["axes"] + 7),
        lambda arrays: arrays.update(facts=np.array(["other", "x"])),
        lambda arrays: arrays.update(box=-arrays["box"]),
        lambda arrays: arrays.update(box=arrays["box"] * np.nan),
        lambda arrays: arrays.pop("points"),
        lambda arrays: arrays.update(points=arrays["points"] * np.nan),
        lambda arrays: arrays.update(points=arrays["points"] + 5.0),
        lambda arrays: arrays.update(points=arrays["points"][0]),
        lambda arrays: arrays.update(points=arrays["points"][:, :1]),
    ],
)
def test_damaged_files_are_refused_and_change_no_tree(tmp_path, damage):
    net, path = make_net((6, 5), 2, seed=3), tmp_path / "cells.npz"
    save_tree(priced_tree(net), path)
    arrays = arrays_of(path)
    damage(arrays)
    np.savez(path, **arrays)
    forget_trees()
    with pytest.raises(InputError, match="compile"):
        load_tree(path, net)
    assert len(known_tree(net, net.box)) == 1
    assert len(known_tree(net, net.box).points) == 0


def test_cells_of_another_network_are_refused(tmp_path):
    save_tree(priced_tree(make_net((6, 5), 2, seed=4)), tmp_path / "cells.npz")
    with pytest.raises(InputError, match="another network"):
        load_tree(tmp_path / "cells.npz", make_net((6, 5), 2, seed=5))
    with pytest.raises(InputError, match=r"missing\.npz"):
        load_tree(tmp_path / "missing.npz", make_net((6, 5), 2, seed=5))


def test_load_recalls_what_was_kept_beside_the_file(tmp_path):
    net, path = make_net((6, 5), 3, seed=6), tmp_path / "net.onnx"
    save(net, path)
    assert len(known_tree(load(path), net.box)) == 1
    found = compile_network(net, time_limit=0.5)
    save_tree(known_tree(net, net.box), cells_path(path))
    forget_trees()
    assert len(known_tree(load(path), net.box)) == found.cells


def test_load_warns_of_a_file_that_it_cannot_use(tmp_path):
    net, path = make_net((6, 5), 3, seed=7), tmp_path / "net.onnx"
    save(net, path)
    cells_path(path).write_bytes(b"junk")
    with pytest.warns(CellFileWarning, match=r"net\.cells\.npz"):
        assert load(path).content_hash == net.content_hash


def test_what_is_compiled_is_known():
    net = make_net((5, 4), 3, seed=8)
    found = compile_network(net, time_limit=20.0, models=60)
    again = compile_network(net, time_limit=20.0, models=1)
    assert found.known_before <= found.known
    assert found.gap <= found.gap_before
    assert again.gap_before == pytest.approx(found.gap, abs=GAP)
    assert again.known >= found.known > 0.5
    assert found.models == 60
    assert found.directions >= 3 * 60


def test_processes_learn_together_and_the_same_every_time():
    net = make_net((5, 4), 3, seed=8)
    found = []
    for workers in (1, 2, 2):
        forget_trees()
        done = compile_network(net, time_limit=60.0, models=11, workers=workers)
        assert done.models == 11
        assert done.known >= done.known_before
        tree = known_tree(net, net.box)
        assert len(tree.points) > 0
        found.append((tree.lower.copy(), tree.points.x.copy()))
    assert all(np.array_equal(a, b) for a, b in zip(found[1], found[2], strict=True))
    assert len(found[1][0]) >= len(found[0][0]) // 2


@pytest.mark.parametrize("number", [0, -1, 1.5, "2", True])
@pytest.mark.parametrize("name", ["workers", "models"])
def test_compiling_takes_whole_numbers(name, number):
    with pytest.raises(InputError) as caught:
        compile_network(make_net((3,), 2, seed=9), **{name: number})
    assert str(caught.value) == f"{name} is {number!r}; give a whole number, at least 1"


@pytest.mark.parametrize("seed", [-1, 1.5, "a"])
def test_compiling_takes_a_seed(seed):
    with pytest.raises(InputError, match=f"seed is {seed!r}; give a whole number, at least 0"):
        compile_network(make_net((3,), 2, seed=9), seed=seed)


def test_of_a_constant_network_all_is_known():
    net = make_net((3,), 2, seed=9)
    flat = Network([0.0 * w for w in net.weights], net.biases, net.box)
    found = compile_network(flat, time_limit=20.0, models=1)
    assert found.known == 1.0
    assert found.gap < 1e-6


def test_compiling_takes_workers_with_something_to_do():
    with pytest.raises(InputError, match="models is 2 and workers 3; give as many models"):
        compile_network(make_net((3,), 2, seed=9), models=2, workers=3)


@pytest.mark.parametrize("seconds", [0.0, -1.0, float("inf"), float("nan"), "3", None])
def test_compiling_takes_some_time(seconds):
    with pytest.raises(InputError, match="time_limit"):
        compile_network(make_net((3,), 2, seed=9), time_limit=seconds)


def test_compiling_takes_a_box():
    net = make_net((3,), 2, seed=9)
    with pytest.raises(BoxError):
        compile_network(Network(net.weights, net.biases), time_limit=0.1)


def test_a_folder_that_is_not_there(tmp_path):
    net = make_net((3,), 2, seed=10)
    with pytest.raises(StoreError):
        save_tree(CellTree(net, net.box), tmp_path / "no" / "cells.npz")
