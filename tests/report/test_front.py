"""The table and the plot of all architectures, where regrets are known and where not."""

import json
from dataclasses import replace

import pandas as pd
import pytest

from surrogate.report import choice_record, front_table, recommendation, report_tables, write_page
from surrogate.report.plots import front_figure
from surrogate.study import Results, Study
from surrogate.study.rows import RefineRow
from tests.stored import store

STUDY = Study(layouts=["1x24", "2x12"], restarts=2, solver_seeds=[0, 1])
REGRETS = {"1x24": 0.05, "2x12": 0.01}


@pytest.fixture
def plain(tmp_path):
    return Results.load(store(tmp_path / "plain", STUDY))


@pytest.fixture
def rich(tmp_path):
    study = STUDY.model_copy(update={"recipes": ("origin", "best")})
    return Results.load(store(tmp_path / "rich", study, REGRETS, ("auto", "omlt")))


def column(table, name):
    return [row[table.columns.index(name)] for row in table.rows]


def test_what_needs_a_truth_is_shown_where_one_is_known(plain, rich):
    columns = {"error at decision x10^3", "infeasible", "violation", "regret %", "least regret in"}
    assert not columns & set(front_table(plain).columns)
    assert columns <= set(front_table(rich).columns)
    assert not any("egret" in note for note in front_table(plain).notes)
    assert "Regret" in front_table(rich).title


def test_recipes_and_encodings_are_shown_where_there_are_several(plain, rich):
    assert front_table(plain).columns[:2] == ("layout", "restart")
    table = front_table(rich)
    assert table.keys == 3
    assert [row[:3] for row in table.rows[:4]] == [
        ("1x24", "best", "auto"),
        ("1x24", "best", "omlt"),
        ("1x24", "origin", "auto"),
        ("1x24", "origin", "omlt"),
    ]
    accuracy, solving = report_tables(rich)
    assert accuracy.columns[:2] == ("layout", "recipe")
    assert solving.columns[:4] == ("layout", "recipe", "encoding", "restart")
    assert len(solving.rows) == 2 * 2 * 2 * 2  # and the role


def test_the_figures_are_those_of_the_store(rich):
    table = front_table(rich)
    assert column(table, "regret %") == ["5.00"] * 4 + ["1.00"] * 4
    assert column(table, "error at decision x10^3") == ["20.0"] * 8
    assert column(table, "infeasible") == ["2 of 2 (100% to 100%)"] * 8
    assert column(table, "violation") == ["1.0e-02"] * 8
    assert column(table, "solve s") == ["1.000", "2.000"] * 4
    assert column(table, "timeouts") == ["0 of 2"] * 8
    assert column(table, "Pareto front") == [""] * 4 + ["yes", ""] * 2
    assert table.rows[0][5] == "1.00 to 1.10"  # of the MAE, x10^3


def valued(results, values, **columns):
    """With a truth: `values[layout]` is what every decision of the layout is worth repaired."""
    worth = results.solves["layout"].map(values)
    known = {"maximize": False, "true_objective": 1.0, "repaired": worth, **columns}
    return replace(results, solves=results.solves.assign(**known))


def test_what_decisions_are_worth_is_shown_wherever_a_truth_is_known(rich):
    table = front_table(valued(rich, {"1x24": 1.5, "2x12": 1.25}))
    assert column(table, "worth after repair") == ["1.5"] * 4 + ["1.25"] * 4
    assert "behind the best found %" not in table.columns
    assert any("Worth after repair: " in note for note in table.notes)


def test_without_an_optimum_the_distance_from_the_best_found_takes_the_place_of_regret(rich):
    results = valued(rich, {"1x24": 1.5, "2x12": 1.25}, regret=None)
    table = front_table(results)
    assert table.title.startswith("Distance from the best decision found against solve time")
    assert column(table, "behind the best found %") == ["20.00"] * 4 + ["0.00"] * 4
    assert "best decision in" in table.columns
    assert not any("egret" in text for text in (*table.notes, *table.columns, table.title))
    assert any("the optimum is not known" in note for note in table.notes)
    (axes,) = front_figure(results).axes
    assert axes.get_ylabel() == "best restart behind the best decision found, %"
    heights = {round(float(c.get_offsets()[0][1]), 9) for c in axes.collections if _is_point(c)}
    assert heights == {20.0, 0.01}
    assert "<h2>Distance from the best decision found" in write_page(results).read_text("utf-8")
    record = choice_record(results, results.recommend())
    assert record["recommendation"]["repaired"] == 1.25
    assert record["architectures"][0]["deciding"]["behind"] == pytest.approx(0.2)


def test_a_decision_that_cannot_be_repaired_is_worth_none(rich):
    table = front_table(valued(rich, {"2x12": 1.25}, regret=None))
    assert column(table, "worth after repair")[:4] == ["none"] * 4
    assert column(table, "behind the best found %")[:4] == ["none"] * 4
    assert column(table, "Pareto front")[:4] == ["not repairable"] * 4


def test_a_wrong_optimum_is_told_in_the_tables_and_after_the_recommendation(rich):
    told = "The optimum stated is not the optimum: 2x12 reaches 1.05, better than 1.09."
    values = {"1x24": 1.2, "2x12": 1.05}
    regret = rich.solves["layout"].map({"1x24": 0.1, "2x12": 1.05 / 1.09 - 1})
    results = valued(rich, values, optimum=1.09, regret=regret)
    assert front_table(results).notes[0].startswith(told)
    assert told in recommendation(results)
    assert column(front_table(results), "regret %")[4:] == ["-3.67"] * 4
    right = valued(rich, values, optimum=1.05)
    assert not any(
        "is not the optimum" in n for n in (*front_table(right).notes, recommendation(right))
    )


def round_of(number, regret):
    """A round whose decision has this regret from an optimum of 1."""
    figures = {"mae": 1e-3, "status": "optimal", "solve_seconds": 1.0, "objective": 1.0}
    names = ("true_objective", "repaired")
    return RefineRow(
        "2x12",
        "best",
        number,
        "",
        2,
        "f.onnx",
        "0" * 64,
        100,
        violation=0.0,
        regret=regret,
        decision_error=1e-3,
        **figures,
        **dict.fromkeys(names, 1.0 + regret),
    )


def test_a_refinement_that_passes_the_optimum_is_not_clipped(rich):
    known = rich.solves.assign(optimum=1.0)
    rows = [round_of(k, regret) for k, regret in enumerate((0.01, -0.00005, -0.03))]
    (*_, table) = report_tables(replace(rich, solves=known, refinements=pd.DataFrame(rows)))
    assert table.rows[0][1:4] == ("1.00", "0.00", "-3.00")
    assert table.notes[0].startswith("The optimum stated is not the optimum: 2x12 reaches 0.97,")
    (*_, table) = report_tables(replace(rich, solves=known, refinements=pd.DataFrame(rows[:2])))
    assert not any("is not the optimum" in note for note in table.notes)


def test_a_decision_that_there_is_not_has_no_regret(rich):
    lost = rich.solves["layout"] == "1x24"
    solves = rich.solves.copy()
    solves.loc[lost, "regret"] = None
    solves.loc[lost, "status"] = "time_limit_no_solution"
    solves.loc[lost, "audit_passed"] = False
    table = front_table(replace(rich, solves=solves))
    assert column(table, "regret %")[:4] == ["none"] * 4
    assert column(table, "Pareto front")[:4] == ["not solved"] * 4
    assert column(table, "timeouts")[:4] == ["2 of 2"] * 4


def test_an_architecture_that_was_not_run_is_listed_as_such(rich):
    part = rich.solves[(rich.solves["layout"] == "2x12") | (rich.solves["encoding"] == "auto")]
    table = front_table(replace(rich, solves=part))
    assert column(table, "Pareto front")[:4] == ["", "not run", "", "not run"]
    assert column(table, "solve s")[1] == "-"


def test_an_optimum_on_the_boundary_is_told(rich):
    name = "on the domain's boundary"
    assert name not in front_table(rich).columns
    there = replace(rich, solves=rich.solves.assign(boundary=rich.solves["layout"] == "2x12"))
    assert column(front_table(there), name) == [""] * 4 + ["yes"] * 4
    assert "boundary of the validity domain" in recommendation(there)


def test_the_plot_stands_regret_against_seconds(rich):
    (axes,) = front_figure(rich).axes
    assert "regret" in axes.get_ylabel()
    assert "box" not in axes.get_xlabel()
    heights = sorted(float(c.get_offsets()[0][1]) for c in axes.collections if _is_point(c))
    assert heights == pytest.approx([1.0] * 4 + [5.0] * 4)
    labels = {text.get_text() for text in axes.texts}
    assert "2x12 (best, auto)" in labels
    nothing = replace(rich, solves=rich.solves.assign(regret=0.0))
    (axes,) = front_figure(nothing).axes
    heights = {float(c.get_offsets()[0][1]) for c in axes.collections if _is_point(c)}
    assert heights == {0.01}  # the solver's gap in percent


def _is_point(collection):
    return hasattr(collection, "get_sizes") and len(collection.get_sizes())


def test_the_page_shows_every_architecture(rich):
    text = write_page(rich).read_text(encoding="utf-8")
    assert "<h2>Regret against solve time</h2>" in text
    assert "Accuracy against" not in text
    assert text.count(">omlt<") >= 4


def test_the_record_is_json_with_everything_in_it(rich, plain):
    record = json.loads(json.dumps(choice_record(rich, rich.recommend()), allow_nan=False))
    assert record["recommendation"]["layout"] == "2x12"
    assert record["recommendation"]["runner_up"] == {
        "layout": "2x12",
        "recipe": "origin",
        "encoding": "auto",
    }
    first = record["architectures"][0]
    assert (first["layout"], first["recipe"], first["encoding"]) == ("1x24", "best", "auto")
    assert first["deciding"]["regret"] == 0.05
    assert first["solving"]["seconds"]["median"] == 1.0
    record = choice_record(plain, plain.recommend())
    assert record["recommendation"]["regret"] is None
    assert record["architectures"][0]["deciding"]["regret"] is None
    assert record["complete"]
