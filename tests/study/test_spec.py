import json

import pytest

from surrogate.errors import StudyError
from surrogate.study import Study


def test_the_default_is_the_origins_study():
    study = Study()
    assert (study.name, study.function, study.neurons, study.samples) == ("xy-24", "xy", 24, 10_000)
    assert (study.restarts, study.epochs) == (10, 100)
    assert study.all_layouts == ("1x24", "2x12", "3x8", "4x6", "6x4", "8x3", "12x2", "24x1")


def test_quick_is_small_and_never_mixes_with_the_full_study():
    quick = Study().quick()
    assert (quick.restarts, quick.epochs, quick.name) == (2, 5, "xy-24-quick")
    assert quick.solver_seeds == Study().solver_seeds


@pytest.mark.parametrize("recipes", [["best"], ["origin", "best"]])
def test_quick_with_the_better_recipe_has_few_points_and_one_seed(recipes):
    quick = Study(recipes=recipes, samples=200, problem="haverly1").quick()
    assert (quick.samples, quick.solver_seeds, quick.restarts) == (200, (0,), 2)
    assert Study(recipes=recipes).quick().samples == 300


def test_a_toml_file_says_what_differs_from_the_default(tmp_path):
    path = tmp_path / "study.toml"
    path.write_text(
        'name = "mine"\nfunction = "peaks"\nlayouts = ["8-8", "4-2"]\n'
        "solver_seeds = [5]\ntime_limit = 3\n"
    )
    study = Study.load(path)
    assert study.all_layouts == ("2x8", "4-2")
    assert (study.truth.name, study.solver_seeds, study.time_limit) == ("peaks", (5,), 3.0)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "neuron = 24",
            "key 'neuron' is unknown; a study has name, function, problem, data",
        ),
        ("neurons = -3", "neurons = -3: .*greater than or equal to 1"),
        ("neurons = 2.5", "neurons = 2.5: .*integer"),
        ("restarts = 0", "restarts = 0"),
        ("samples = 'many'", "samples = 'many'"),
        ("function = 'yx'", "function: function 'yx' is unknown; choose one of xy"),
        ("problem = 'haverly'", "problem 'haverly' is unknown; choose box, peaks, .*haverly1.*py"),
        ("problem = 'haverly1'\nfunction = 'peaks'", "function = 'peaks' is not used"),
        ("problem = 'haverly1'\ndata = 'x.csv'\noutputs = ['y']", "data = 'x.csv' is not used"),
        ("data = 'x.csv'", "data = 'x.csv' and outputs = .*give both"),
        ("outputs = ['y']", "data = '' and outputs = .*give both"),
        ("inputs = ['x']", "inputs = .*are columns of a file; give data too"),
        ("encodings = []", "encodings = .*give at least one"),
        ("encodings = ['bigM']", "encoding 'bigM' is unknown"),
        ("encodings = ['auto', 'auto']", "encoding auto is listed twice"),
        ("recipe = 'best'", r'key "recipe" is now a list .*: recipes = \["best"\]'),
        ("recipe = ['best']", r'key "recipe" is now a list .*: recipes = \["best"\]'),
        ("recipes = []", r"recipes = \[\]: give at least one"),
        ("recipes = ['Best']", r"recipes\.0 = 'Best': input should be 'origin' or 'best'$"),
        ("recipes = 'best'", "recipes = 'best': give a list"),
        ("recipes = []", "recipes = .*give at least one"),
        ("recipes = ['best', 'best']", "recipe best is listed twice"),
        ("recipes = ['adam']", "recipes.0 = 'adam'.*'origin' or 'best'"),
        ("validity = 'Hull'", "validity = 'Hull': .*'joint_hull'"),
        ("layouts = ['3y8']", "layouts: layout '3y8' is not understood; write LxW"),
        ("layouts = ['3x8', '8-8-8']", "layout 3x8 is listed twice"),
        ("layouts = '3x8'", r"layouts = '3x8': give a list"),
        ("layouts = [3]", "layouts.0 = 3: give text, in quotes"),
        ("layouts = ['5x5']", "layout 5x5 has 25 neurons, the budget is neurons = 24; raise"),
        ("neurons = 1000000000", "neurons = 1000000000: .*less than or equal to 10000"),
        ("samples = 1000000000000", "samples = 1000000000000"),
        (
            "solver_seeds = [2147483648]",
            "solver_seeds.0 = 2147483648: .*equal to 2147483647",
        ),
        ("time_limit = '60'", "time_limit = '60': .*number"),
        ("time_limit = true", "time_limit = True"),
        ("solver_seeds = []", "solver_seeds = .*give at least one"),
        ("solver_seeds = [1, 1]", "seed 1 is listed twice"),
        ("time_limit = 0", "time_limit = 0: .*greater than 0"),
        ("time_limit = inf", "time_limit = inf"),
        ("seed = -1", "seed = -1"),
        ("name = '../x'", "name = '../x': it names a folder; use letters"),
        ("neurons = = 3", "is no TOML: .*line 1"),
    ],
)
def test_a_mistake_is_named_with_file_key_value_and_limit(tmp_path, text, message):
    path = tmp_path / "study.toml"
    path.write_text(text)
    with pytest.raises(StudyError, match=message) as caught:
        Study.load(path)
    assert "study.toml" in str(caught.value)


def test_every_mistake_is_told_at_once(tmp_path):
    path = tmp_path / "study.toml"
    path.write_text("neurons = 0\nepoch = 3")
    with pytest.raises(StudyError, match=r"neurons = 0.*'epoch' is unknown"):
        Study.load(path)


def test_files_that_cannot_be_read(tmp_path):
    with pytest.raises(StudyError, match=r"cannot be read .*No such file"):
        Study.load(tmp_path / "absent.toml")
    with pytest.raises(StudyError, match="cannot be read"):
        Study.load(tmp_path)
    (tmp_path / "latin.toml").write_bytes(b'name = "\xe9"')
    with pytest.raises(StudyError, match="is no TOML"):
        Study.load(tmp_path / "latin.toml")


def test_a_study_survives_json():
    study = Study(name="a", layouts=["3x8"], solver_seeds=[3])
    assert Study(**json.loads(study.model_dump_json())) == study


def test_files_of_the_study_are_beside_it(tmp_path):
    path = tmp_path / "deep" / "study.toml"
    path.parent.mkdir()
    path.write_text('problem = "mine.py"\ndata = "x.csv"\noutputs = ["y"]\n')
    study = Study.load(path)
    assert study.problem == str(tmp_path / "deep" / "mine.py")
    assert study.data == str(tmp_path / "deep" / "x.csv")
    assert study.own_problem
    assert study.title == "x.csv, for the problem mine.py"


@pytest.mark.parametrize(
    ("values", "title"),
    [
        ({}, "f(x, y) = xy"),
        ({"problem": "haverly1"}, "f(x, y) = xy, for the problem haverly1"),
        ({"problem": "reformer"}, "a table, for the problem reformer"),
        ({"problem": "pressure_vessel"}, "shell, heads, fill, for the problem pressure_vessel"),
        ({"problem": "mine.py"}, "the truth of mine.py, for the problem mine.py"),
    ],
)
def test_the_title_says_what_is_learned_and_for_what(values, title):
    study = Study(**values)
    assert study.title == title
    assert study.is_origin == (not values)
