"""`report.html`: one self-contained page. Tables first, plots after, no scripts, no network."""

from __future__ import annotations

from pathlib import Path

from surrogate.files import write_whole
from surrogate.report.front import front_table
from surrogate.report.refinement import refinement_table
from surrogate.report.tables import (
    accuracy_table,
    environment_table,
    recommendation,
    solver_table,
)
from surrogate.study import Results


def write_page(results: Results) -> Path:
    """Write report.html into the results folder and return its path."""
    path = results.folder / "report.html"
    write_whole(path, render_page(results).encode())
    return path


def render_page(results: Results) -> str:
    """The page as HTML text."""
    from jinja2 import Environment, PackageLoader  # here, as tables alone need no matplotlib

    from surrogate.report.plots import accuracy_against_seconds, errors_of_restarts

    template = Environment(
        loader=PackageLoader("surrogate.report"), autoescape=True, trim_blocks=True
    ).get_template("page.html")
    solved = len(results.solves) > 0
    return template.render(
        study=results.study,
        complete=results.complete,
        recommendation=recommendation(results) if solved else "",
        accuracy=accuracy_table(results) if len(results.restarts) else None,
        solving=solver_table(results) if solved else None,
        front=front_table(results) if solved else None,
        refinement=refinement_table(results) if len(results.refinements) else None,
        environment=environment_table(results.environments),
        front_plot=accuracy_against_seconds(results) if solved else "",
        restarts_plot=errors_of_restarts(results) if len(results.restarts) else "",
    )
