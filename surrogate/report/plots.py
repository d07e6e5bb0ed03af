"""The plots of a report, as SVG text that stands in a page without scripts or files."""

from __future__ import annotations

import io
import math
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from surrogate.choosing import Candidate, candidates
from surrogate.study import Results

_INK, _ACCENT, _DIM = "#1f2933", "#0b6e99", "#8a97a5"
# Fixed ids and no date: the same results give the same bytes.
_STYLE: Any = {  # matplotlib types the keys as one union of hundreds
    "svg.hashsalt": "surrogate",
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 10,
    "axes.edgecolor": _DIM,
    "axes.labelcolor": _INK,
    "xtick.color": _INK,
    "ytick.color": _INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#e6eaee",
}


def accuracy_against_seconds(results: Results) -> str:
    """`front_figure` as SVG."""
    with mpl.rc_context(_STYLE):
        return _svg(front_figure(results))


def front_figure(results: Results) -> Figure:
    """One point a layout (its best restart), whiskers over HiGHS seeds, and the Pareto front."""
    found = candidates(results.nets, results.solves, results.study.all_layouts)
    points = sorted((c for c in found if not math.isnan(c.seconds)), key=lambda c: c.seconds)
    figure = Figure(figsize=(7.6, 4.6), layout="constrained")
    axes = figure.subplots()
    if not points:
        axes.set_axis_off()
        axes.text(0.5, 0.5, "nothing is solved yet", ha="center", color=_DIM)
        return figure
    for i, point in enumerate(points):
        _draw(axes, point, above=i % 2 == 0)
    front = [(c.seconds, c.mae) for c in points if c.on_front]
    axes.step([s for s, _ in front], [e for _, e in front], where="post", color=_ACCENT, lw=1.2)
    axes.set(xscale="log", yscale="log")
    axes.margins(0.09, 0.12)
    for axis in (axes.xaxis, axes.yaxis):
        _plain_ticks(axis)
    axes.set_xlabel("solve seconds, minimise + maximise over the box (median of HiGHS seeds)")
    axes.set_ylabel("test MAE of the best restart")
    _caption(axes, "filled: Pareto front (line); crosses: dead or unsolved; whiskers: HiGHS seeds")
    return figure


def _draw(axes: Axes, point: Candidate, above: bool) -> None:
    seconds = point.solving.seconds
    axes.hlines(point.mae, seconds.low, seconds.high, color=_DIM, lw=1, zorder=2)
    if point.eligible:
        face = _ACCENT if point.on_front else "white"
        axes.scatter(seconds.median, point.mae, s=52, c=face, edgecolors=_ACCENT, zorder=3)
    else:
        axes.scatter(seconds.median, point.mae, s=44, c=_DIM, marker="x", zorder=3)
    axes.annotate(
        point.layout,
        (seconds.median, point.mae),
        xytext=(6, 6 if above else -13),
        textcoords="offset points",
        color=_INK if point.eligible else _DIM,
    )


def errors_of_restarts(results: Results) -> str:
    """Every restart's test MAE by layout: how much luck a layout needs, and how many die."""
    layouts = [n for n in results.study.all_layouts if n in set(results.nets["layout"])]
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(7.6, 3.6), layout="constrained")
        axes = figure.subplots()
        for i, layout in enumerate(layouts):
            group = results.nets[results.nets["layout"] == layout]
            offset = np.linspace(-0.18, 0.18, len(group)) if len(group) > 1 else np.zeros(1)
            dead = group["dead"].to_numpy(bool)
            mae = group["mae"].to_numpy(float)
            axes.scatter((i + offset)[~dead], mae[~dead], color=_ACCENT, s=22)
            axes.scatter((i + offset)[dead], mae[dead], color=_DIM, marker="x", s=26)
            axes.hlines(np.median(mae), i - 0.3, i + 0.3, color=_INK, lw=1.2)
        axes.set_xticks(range(len(layouts)), layouts)
        axes.set(yscale="log", ylabel="test MAE")
        _plain_ticks(axes.yaxis)
        _caption(axes, "dots: restarts; crosses: dead restarts; bars: medians")
        return _svg(figure)


def _plain_ticks(axis: Axis) -> None:
    """1, 2 and 5 in every decade, written as plain decimals."""
    axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_formatter(NullFormatter())


def _caption(axes: Axes, text: str) -> None:
    axes.set_title(text, fontsize=9, color=_DIM, loc="left")


def _svg(figure: Figure) -> str:
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None})
    text = buffer.getvalue()
    return text[text.index("<svg") :]
