"""A study trains by the recipe that it names."""

import pytest

from surrogate.errors import StudyError
from surrogate.onnx_files import load
from surrogate.report.tables import accuracy_table
from surrogate.study import Study, run

SMALL = {"neurons": 4, "layouts": ["2x2"], "samples": 300, "restarts": 2, "solver_seeds": [0]}


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    folder = tmp_path_factory.mktemp("recipes")
    return {
        recipe: run(Study(recipe=recipe, epochs=2, **SMALL), folder / recipe)
        for recipe in ("origin", "best")
    }


def test_the_better_recipe_gives_the_better_nets(both):
    errors = {recipe: results.nets["mae"].min() for recipe, results in both.items()}
    assert errors["best"] < errors["origin"] / 2


def test_nets_say_by_which_recipe_they_were_made(both):
    for recipe, results in both.items():
        assert list(results.nets["restart"]) == [0, 1]
        for file in results.nets["file"]:
            made = load(results.folder / "nets" / file).provenance
            assert made["recipe"] == recipe
            assert ("epochs" in made) == (recipe == "origin")


def test_the_published_figures_stand_beside_the_origins_recipe_only(both):
    assert Study().is_origin
    assert not Study(recipe="best").is_origin
    assert "2 epochs" in accuracy_table(both["origin"]).title
    assert 'the recipe "best"' in accuracy_table(both["best"]).title


def test_an_unknown_recipe_is_refused():
    with pytest.raises(StudyError, match=r"recipe = 'adam'.*'origin' or 'best'"):
        Study(recipe="adam")
