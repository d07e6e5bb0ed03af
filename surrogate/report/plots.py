"""The plots of a report, as SVG text that stands in a page without scripts or files."""

from __future__ import annotations

import io
import math
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from surrogate.choosing import Candidate, Spread, criterion_of, named, ranked_groups
from surrogate.conventions import REL_GAP
from surrogate.study import Results

_INK, _ACCENT, _DIM = "#1f2933", "#0b6e99", "#8a97a5"
_HEIGHTS = {
    "regret": "regret of the best restart, %",
    "behind": "best restart behind the best decision found, %",
    "mae": "test MAE of the best restart",
}
_LABELS = 16  # points that can all be named; of more, those on the front are
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
    """One point an architecture (its best restart), whiskers over HiGHS seeds, and the front.

    Against the solve seconds stands what ranks the candidates: regret or distance from the best
    decision found, in percent, or the test MAE. An axis in decades has no place for a regret of
    nothing: it is drawn at the gap.
    """
    found = results.candidates
    points = [
        _Point(named(c.architecture, found), c, c.trial.seconds, _height(c))
        for c in sorted(found, key=lambda c: c.seconds)
        if c.trial and not math.isnan(c.seconds) and math.isfinite(_height(c))
    ]
    figure = Figure(figsize=(7.6, 4.6), layout="constrained")
    axes = figure.subplots()
    if not points:
        axes.set_axis_off()
        axes.text(0.5, 0.5, "nothing is solved yet", ha="center", color=_DIM)
        return figure
    for i, point in enumerate(points):
        _draw(axes, point, above=i % 2 == 0, label=len(points) <= _LABELS or point.of.on_front)
    front = [(p.seconds.median, p.height) for p in points if p.of.on_front]
    axes.step([s for s, _ in front], [e for _, e in front], where="post", color=_ACCENT, lw=1.2)
    axes.set(xscale="log", yscale="log")
    axes.margins(0.09, 0.12)
    for axis in (axes.xaxis, axes.yaxis):
        _plain_ticks(axis)
    box = results.solves["sense"].nunique() > 1
    work = ", minimise + maximise over the box" if box else ""
    axes.set_xlabel(f"solve seconds{work} (median of HiGHS seeds)")
    axes.set_ylabel(_HEIGHTS[criterion_of(found)])
    _caption(axes, "filled: Pareto front (line); crosses: dead or unsolved; whiskers: HiGHS seeds")
    return figure


@dataclass(frozen=True)
class _Point:
    name: str
    of: Candidate
    seconds: Spread
    height: float


def _height(candidate: Candidate) -> float:
    loss = candidate.loss
    return loss if candidate.criterion == "mae" else 100 * max(loss, REL_GAP)


def _draw(axes: Axes, point: _Point, above: bool, label: bool) -> None:
    place, eligible = (point.seconds.median, point.height), point.of.eligible
    axes.hlines(point.height, point.seconds.low, point.seconds.high, color=_DIM, lw=1, zorder=2)
    if eligible:
        face = _ACCENT if point.of.on_front else "white"
        axes.scatter(*place, s=52, c=face, edgecolors=_ACCENT, zorder=3)
    else:
        axes.scatter(*place, s=44, c=_DIM, marker="x", zorder=3)
    if label:
        axes.annotate(
            point.name,
            place,
            xytext=(6, 6 if above else -13),
            textcoords="offset points",
            color=_INK if eligible else _DIM,
        )


def errors_of_restarts(results: Results) -> str:
    """Every restart's test MAE by layout: how much luck a layout needs, and how many die."""
    groups = list(ranked_groups(results.restarts, results.study.all_layouts))
    several = results.restarts["recipe"].nunique() > 1
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(7.6, 3.6), layout="constrained")
        axes = figure.subplots()
        for i, group in enumerate(groups):
            group = group.sort_values("restart")
            offset = np.linspace(-0.18, 0.18, len(group)) if len(group) > 1 else np.zeros(1)
            dead = group["dead"].to_numpy(bool)
            mae = group["mae"].to_numpy(float)
            axes.scatter((i + offset)[~dead], mae[~dead], color=_ACCENT, s=22)
            axes.scatter((i + offset)[dead], mae[dead], color=_DIM, marker="x", s=26)
            axes.hlines(np.median(mae), i - 0.3, i + 0.3, color=_INK, lw=1.2)
        names = ["\n".join(g[["layout", "recipe"][: 1 + several]].iloc[0]) for g in groups]
        axes.set_xticks(range(len(groups)), names)
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
