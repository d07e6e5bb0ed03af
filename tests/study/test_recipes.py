"""A study trains every layout by every recipe that it lists."""

import shutil
from contextlib import closing

import pytest

from surrogate.choosing import Architecture, candidates
from surrogate.onnx_files import load
from surrogate.report import front_table
from surrogate.report.tables import accuracy_table
from surrogate.study import Results, Study, run
from surrogate.study.store import Store

SMALL = {
    "neurons": 4,
    "layouts": ["2x2", "1x4"],
    "samples": 300,
    "restarts": 2,
    "epochs": 2,
    "solver_seeds": [0],
}
RECIPES = ("origin", "best")


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    return run(Study(recipes=RECIPES, **SMALL), tmp_path_factory.mktemp("recipes") / "both")


def test_every_layout_has_the_nets_and_solves_of_every_recipe(results):
    assert results.complete
    assert results.stored
    for frame, each in ((results.nets, 2), (results.solves, 2 * 2)):
        counts = frame.groupby(["layout", "recipe"]).size().to_dict()
        assert counts == {(x, r): each for x in ("1x4", "2x2") for r in RECIPES}
    assert results.nets["content_hash"].is_unique


def test_the_better_recipe_gives_the_better_nets(results):
    errors = results.nets.groupby("recipe")["mae"].min()
    assert errors["best"] < errors["origin"] / 2


def test_nets_say_by_which_recipe_they_were_made(results):
    for row in results.nets.itertuples():
        assert row.file == f"{row.layout}-{row.recipe}-r{row.restart:02d}.onnx"
        made = load(*results.net_paths(row.layout, row.recipe, row.restart))
        assert made.content_hash == row.content_hash
        assert made.provenance["recipe"] == row.recipe
        assert ("epochs" in made.provenance) == (row.recipe == "origin")


def test_a_solve_is_of_the_net_of_its_recipe(results):
    """One layout, one restart, two recipes: the optima are those of two nets."""
    for row in results.solves.itertuples():
        net = load(*results.net_paths(row.layout, row.recipe, row.restart))
        values = net(results.study.truth.grid())
        optimum = values.min() if row.sense == "minimize" else values.max()
        assert row.objective == pytest.approx(optimum, abs=0.02)


def test_recipes_are_candidates_side_by_side(results):
    found = candidates(results.restarts, results.solves, results.study.all_layouts)
    assert [c.architecture for c in found] == [
        Architecture(layout, recipe, "omlt")
        for layout in results.study.all_layouts
        for recipe in ("best", "origin")
    ]
    assert results.recommend().recipe == "best"
    assert front_table(results).columns[:2] == ("layout", "recipe")


def test_what_is_lost_of_one_recipe_is_done_again_and_nothing_else(results, tmp_path):
    shutil.copytree(results.folder, tmp_path / "copy")
    (path,) = Results.load(tmp_path / "copy").net_paths("2x2", "best", 1)
    before = path.read_bytes()
    path.unlink()
    with closing(Store.open(tmp_path / "copy")) as store:
        left = Results.read(store).training_left()
    assert [str(task) for task in left] == ["train 2x2 best"]
    mended = run(results.study, tmp_path / "copy", resume=True)
    assert mended.complete
    assert path.read_bytes() == before
    again = mended.nets[mended.nets["environment"] == 2]
    assert set(zip(again["layout"], again["recipe"], strict=True)) == {("2x2", "best")}
    assert set(mended.solves["environment"]) == {1}


def test_the_published_figures_stand_beside_the_origins_recipe_only(results):
    assert Study().is_origin
    assert Study(recipes=RECIPES).is_origin
    assert not Study(recipes=["best"]).is_origin
    published = Study(recipes=RECIPES, layouts=["3x8"])
    frame = results.nets.assign(layout=results.nets["layout"].replace("2x2", "3x8"))
    table = accuracy_table(Results(published, *_frames(results, frame)))
    mae = table.columns.index("published MAE x10^3")
    assert {row[1]: row[mae] for row in table.rows} == {"best": "-", "origin": "4.5"}


def _frames(results, nets):
    return results.folder, nets, results.solves, results.refinements, results.environments


@pytest.mark.parametrize(
    ("recipes", "words"),
    [
        (["origin"], "2 epochs"),
        (["best"], 'the recipe "best"'),
        (["best", "origin"], 'the recipes "best" and "origin" (2 epochs)'),
    ],
)
def test_the_training_in_words(recipes, words):
    assert Study(recipes=recipes, epochs=2).training == words
