"""Tables and page against the store that they are made from."""

import math
import re
from dataclasses import fields, replace
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import PathCollection

from surrogate.bounds import compute_bounds
from surrogate.box import Box
from surrogate.network import Network
from surrogate.report import (
    front_table,
    layer_table,
    markdown,
    network_record,
    print_table,
    recommendation,
    report_tables,
    write_page,
)
from surrogate.report.plots import front_figure
from surrogate.report.published import PUBLISHED
from surrogate.report.table import Table, percent
from surrogate.report.tables import accuracy_table, solver_table
from surrogate.study import Results, Study
from surrogate.study.rows import RefineRow

LAYOUTS = ("1x24", "3x8", "24x1")


@pytest.fixture
def results(tmp_path):
    """A study of three layouts, made up so that every figure is known."""
    study = Study(layouts=LAYOUTS, restarts=3)
    mae = {"1x24": [4e-3, 5e-3, 6e-3], "3x8": [5e-3, 7e-3, 8e-3], "24x1": [0.25, 0.25, 0.25]}
    nets = pd.DataFrame(
        [
            {
                "layout": layout,
                "recipe": "origin",
                "restart": restart,
                "surrogate": "",
                "file": f"{layout}-origin-r{restart:02d}.onnx",
                "content_hash": "0" * 64,
                "mae": value,
                "mse": value**2,
                "max_error": 10 * value,
                "training_mae": value,
                "dead": layout == "24x1",
                "active": 1,
                "inactive": 2,
                "unstable": 21,
                "onnxruntime_error": 3e-7,
                "seconds": 0.3,
            }
            for layout in LAYOUTS
            for restart, value in enumerate(mae[layout])
        ]
    )
    solves = pd.DataFrame(
        [
            {
                "layout": layout,
                "recipe": "origin",
                "restart": restart,
                "sense": sense,
                "solver_seed": seed,
                "encoding": "omlt",
                "status": "optimal" if layout != "3x8" or seed else "time_limit",
                "variables": 82,
                "binaries": 24,
                "constraints": 130,
                "largest_m": 3.14159,
                "build_seconds": 0.125,
                "solve_seconds": (1 + seed) * {"1x24": 0.5, "3x8": 4.0, "24x1": 0.1}[layout],
                "objective": 1.0,
                "nodes": 1000,
                "iterations": 12345,
                "audit_error": 2e-9,
                "audit_passed": True,
                "maximize": None,
                "optimum": None,
                "true_objective": None,
                "violation": None,
                "repaired": None,
                "regret": None,
                "decision_error": None,
                "boundary": None,
            }
            for layout in LAYOUTS
            for restart in (0, 1)
            for sense in ("minimize", "maximize")
            for seed in range(3)
        ]
    )
    environments = pd.DataFrame([{"id": 1, "torch": "2.13", "cpu": "<fast & new>", "workers": 2}])
    rounds = pd.DataFrame(columns=[f.name for f in fields(RefineRow)])
    return Results(study, tmp_path, nets, solves, rounds, environments)


def column(table, name):
    return [row[table.columns.index(name)] for row in table.rows]


def test_the_accuracy_table_says_what_the_nets_say(results):
    table = accuracy_table(results)
    assert column(table, "layout") == list(LAYOUTS)
    assert column(table, "MAE x10^3 best") == ["4.00", "5.00", "250"]
    assert table.rows[1][2] == "7.00"
    assert column(table, "MSE x10^5 best") == ["1.60", "2.50", "6,250"]
    assert column(table, "max error x10^3") == ["40.0", "50.0", "2,500"]
    assert column(table, "dead") == ["0 of 3", "0 of 3", "3 of 3"]
    assert column(table, "act / inact / unst") == ["1 / 2 / 21"] * 3
    assert table.rows[0][2:4] == ("5.00", "4.00 to 6.00")
    assert table.rows[0][5:7] == ("2.50", "1.60 to 3.60")
    notes = " ".join(table.notes)
    assert "agree with onnxruntime (float32) to 3e-07" in notes
    assert "9 exported files" in notes
    assert "10,000 random points" in notes


def test_the_published_figures_stand_beside_the_layout_they_belong_to(results):
    table = accuracy_table(results)
    assert column(table, "published MAE x10^3") == ["5.7", "4.5", "248"]
    assert column(table, "printed as") == ["24 layers of 1", "8 layers of 3", "1 layer of 24"]
    assert "swaps its first two headings" in table.notes[0]
    assert "factor 10" in table.notes[0]


def test_published_figures_are_those_of_the_origins_page():
    assert [row.mae for row in PUBLISHED] == [5.7, 4.6, 4.5, 5.1, 9.9, 20, 249, 248]
    assert [row.mse for row in PUBLISHED] == [5.7, 3.8, 3.8, 4.5, 17.9, 70, 1101, 1101]


def test_published_rows_are_the_swapped_ones():
    for row in PUBLISHED:
        printed_depth, printed_width = map(int, re.findall(r"\d+", row.printed))
        assert row.layout == f"{printed_width}x{printed_depth}"


def test_other_studies_have_no_published_figures(results):
    other = replace(results, study=Study(function="peaks", layouts=LAYOUTS))
    table = accuracy_table(other)
    assert "published MAE x10^3" not in table.columns
    assert not any("Published" in note for note in table.notes)


def test_the_solver_table_says_what_the_solves_say(results):
    table = solver_table(results)
    assert [row[:2] for row in table.rows[:2]] == [("1x24", "best r00"), ("1x24", "median r01")]
    # seeds 0, 1, 2 take 1, 2, 3 s for both directions together
    assert column(table, "solve s")[0] == "2.000"
    assert column(table, "range")[0] == "1.000 to 3.000"
    assert column(table, "build s")[0] == "0.125"
    assert column(table, "big-M")[0] == "3.14"
    assert column(table, "nodes")[0] == "2,000"
    assert column(table, "simplex it.")[0] == "24,690"
    assert column(table, "vars")[0] == "82"
    assert column(table, "binaries")[0] == "24"
    assert column(table, "cons")[0] == "130"
    assert column(table, "audits passed")[0] == "6 of 6"
    assert "2 at a time" in " ".join(table.notes)
    assert "at most 60 s" in " ".join(table.notes)
    assert column(table, "status")[0] == "6 optimal"
    assert column(table, "status")[2] == "4 optimal, 2 time_limit"
    assert column(table, "audit error")[0] == "2.0e-09"


def test_failed_solves_leave_gaps_not_numbers(results):
    numbers = [
        "variables",
        "largest_m",
        "build_seconds",
        "solve_seconds",
        "nodes",
        "audit_error",
        "objective",
    ]
    solves = results.solves.assign(
        status="failed", audit_passed=None, **dict.fromkeys(numbers, math.nan)
    )
    table = solver_table(replace(results, solves=solves))
    assert set(column(table, "solve s")) == {"-"}
    assert set(column(table, "status")) == {"6 failed"}
    failed = replace(results, solves=solves)
    assert "No recommendation: " in recommendation(failed)
    # the page of a run in which nothing could be solved
    assert "nothing is solved yet" in write_page(failed).read_text(encoding="utf-8")


def test_the_front_table_marks_the_front_and_the_dead(results):
    table = front_table(results)
    assert column(table, "Pareto front") == ["yes", "", "dead"]
    assert column(table, "test MAE x10^3") == ["4.00", "5.00", "250"]
    assert column(table, "solve s") == ["2.000", "16.000", "0.400"]
    assert column(table, "most accurate in")[2] == ""


def test_markdown_is_a_table_with_its_notes():
    text = markdown(Table("T", ("a", "b"), (("1", "2"),), ("note",)))
    assert text == "**T**\n\n| a | b |\n| :-- | --: |\n| 1 | 2 |\n\nnote\n"


class Page(HTMLParser):
    """Collects what a reader without scripts and network sees."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.cells, self.references = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        for name, value in attributes:
            if name in ("src", "href", "xlink:href") and not value.startswith("#"):
                self.references.append(value)

    def handle_data(self, data):
        if self.tags and data.strip():
            self.cells.append(data.strip())


def test_the_page_needs_no_network_and_no_scripts(results):
    text = write_page(results).read_text(encoding="utf-8")
    page = Page(text)
    assert "script" not in page.tags
    assert "link" not in page.tags
    assert page.references == []
    assert "url(http" not in text
    assert page.tags.count("svg") == 2


def test_tables_come_before_plots_and_hold_every_cell(results):
    text = write_page(results).read_text(encoding="utf-8")
    page = Page(text)
    for table in (*report_tables(results), front_table(results)):
        for row in table.rows:
            assert {cell for cell in row if cell} <= set(page.cells)
    assert text.rindex("audit error") < text.index("<svg")
    assert recommendation(results) in page.cells


def test_the_page_escapes_what_it_shows(results):
    text = write_page(results).read_text(encoding="utf-8")
    assert "&lt;fast &amp; new&gt;" in text


def test_the_plot_has_one_point_a_layout(results):
    text = write_page(results).read_text(encoding="utf-8")
    plot = text[text.index("<svg") : text.index("</svg>")]
    for layout in LAYOUTS:
        assert len(re.findall(rf">\s*{layout}\s*<", plot)) == 1


def test_the_plot_shows_seconds_against_error_and_the_front(results):
    (axes,) = front_figure(results).axes
    assert "seconds" in axes.get_xlabel()
    assert "MAE" in axes.get_ylabel()
    discs = [c for c in axes.collections if isinstance(c, PathCollection)]
    points = {tuple(map(float, c.get_offsets()[0])): c for c in discs}
    assert set(points) == {(2.0, 4e-3), (16.0, 5e-3), (0.4, 0.25)}
    assert points[2.0, 4e-3].get_facecolor().tolist() != points[16.0, 5e-3].get_facecolor().tolist()
    assert len(points[0.4, 0.25].get_paths()[0].vertices) == 4  # a cross, not a disc
    (line,) = axes.lines
    assert (line.get_xdata()[0], line.get_ydata()[0]) == (2.0, 4e-3)
    whiskers = [
        c.get_segments()[0].tolist() for c in axes.collections if hasattr(c, "get_segments")
    ]
    assert [[1.0, 4e-3], [3.0, 4e-3]] in whiskers


def test_the_layer_table_agrees_with_the_counts():
    net = Network(
        (np.ones((1, 6)), np.ones((6, 1))),
        (np.array([3.0, 2.0, -4.0, 0.5, 0.1, 0.0]), np.zeros(1)),
        Box.of([(-1, 1)]),
    )
    table = layer_table(compute_bounds(net))
    assert table.rows[0][:5] == ("1", "6", "2", "1", "3")
    assert table.rows[0][5:] == ("-5", "4")
    record = network_record(net, compute_bounds(net))
    assert (record["active"], record["inactive"], record["unstable"]) == (2, 1, 3)


def test_a_table_stands_in_columns_and_keeps_its_brackets(capsys):
    rows = (("flow[0]", "1", "[red]"), ("日本", "333", ""), ("", "", ""))
    print_table(Table("T", ("key", "a", "bb"), rows, ("note",)))
    assert capsys.readouterr().out.splitlines() == [
        "T",
        "",
        " key        a     bb",
        " ───────────────────",
        " flow[0]    1  [red]",
        " 日本     333",
        "",
        "",
        "note",
        "",
    ]
    print_table(Table("T", ("", ""), (("a", "1"), ("bb", "22")), align="left"))
    assert capsys.readouterr().out.splitlines()[2:4] == [" a   1", " bb  22"]


def test_a_narrow_terminal_gets_the_table_in_parts(monkeypatch, capsys):
    table = Table("T", ("key", "a", "b", "c"), (("row", "1" * 9, "2" * 9, "3" * 9),), ("note",))
    monkeypatch.setenv("COLUMNS", "28")
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    print_table(table)
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 28 + 10  # escape codes of the bold title
    assert sum("row" in line for line in lines) == 2
    monkeypatch.setenv("TTY_COMPATIBLE", "0")
    print_table(table)
    lines = capsys.readouterr().out.splitlines()
    assert sum("row" in line for line in lines) == 1
    assert all(line == line.rstrip() for line in lines)


def test_the_same_results_give_the_same_page(results):
    first = write_page(results).read_bytes()
    assert write_page(results).read_bytes() == first


def test_an_unfinished_run_has_a_page_that_says_so(results):
    half = replace(results, solves=results.solves.iloc[:0])
    text = write_page(half).read_text(encoding="utf-8")
    assert "not finished" in text
    assert recommendation(half).startswith("The study is not finished. So far: ")
    nothing = replace(half, nets=results.nets.iloc[:0])
    assert "not finished" in write_page(nothing).read_text(encoding="utf-8")


def test_digits_line_up_and_keep_three_figures(results):
    nets = results.nets.assign(mae=np.linspace(1.234567e-6, 2.0, len(results.nets)))
    cells = column(accuracy_table(replace(results, nets=nets)), "MAE x10^3 best")
    assert cells[0] == "0.00123"
    assert all("e" not in cell for cell in cells)


def test_a_loss_that_is_rounding_is_none_and_one_that_is_not_is_shown():
    assert [percent(loss) for loss in (-5e-5, 0.0, 0.0123, -0.3)] == [
        "0.00",
        "0.00",
        "1.23",
        "-30.00",
    ]
