"""What the command line shows of one network and of one solve."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from surrogate.report.table import Table

if TYPE_CHECKING:
    from surrogate.bounds import Bounds
    from surrogate.compiling import Compiled
    from surrogate.network import Network
    from surrogate.problems import BoxProblem
    from surrogate.solving import Solution

Record = dict[str, object]


def network_record(net: Network, bounds: Bounds | None) -> Record:
    """A network in plain values; the counts are None when no box is known."""
    counts = bounds.counts() if bounds else None
    return {
        "layout": net.layout,
        "neurons": net.n_neurons,
        "inputs": list(net.input_labels),
        "outputs": list(net.output_labels),
        "box": str(bounds.box) if bounds else None,
        "bounds": bounds.method if bounds else None,
        "active": counts.active if counts else None,
        "inactive": counts.inactive if counts else None,
        "unstable": counts.unstable if counts else None,
        "output_bounds": np.stack([bounds.lower[-1], bounds.upper[-1]], 1).tolist()
        if bounds
        else None,
        "content_hash": net.content_hash,
        "provenance": dict(net.provenance),
    }


def compiled_record(compiled: Compiled, path: Path) -> Record:
    """What `compile_network` learned, in plain values."""
    return {
        "models_solved": compiled.models,
        "directions_priced": compiled.directions,
        "cells": compiled.cells,
        "supports_known_before": compiled.known_before,
        "supports_known": compiled.known,
        "median_gap_before": compiled.gap_before,
        "median_gap": compiled.gap,
        "seconds": round(compiled.seconds, 2),
        "kept_in": str(path),
    }


def layer_table(bounds: Bounds) -> Table:
    """Per layer: its width, its stable and unstable neurons, the range of its pre-activations."""
    hidden = zip(bounds.layer_counts(), bounds.lower, bounds.upper, strict=False)
    rows = [
        (
            str(k),
            str(len(lower)),
            str(counts.active),
            str(counts.inactive),
            str(counts.unstable),
            f"{lower.min():.4g}",
            f"{upper.max():.4g}",
        )
        for k, (counts, lower, upper) in enumerate(hidden, start=1)
    ]
    last = (f"{bounds.lower[-1].min():.4g}", f"{bounds.upper[-1].max():.4g}")
    rows.append(("output", str(len(bounds.lower[-1])), "", "", "", *last))
    return Table(
        title=f"Layers on {bounds.box}, {bounds.method} bounds",
        columns=("layer", "width", "active", "inactive", "unstable", "lowest", "highest"),
        rows=tuple(rows),
        notes=("Lowest and highest: bounds on the pre-activations; they are the big-Ms.",),
    )


def solution_record(net: Network, problem: BoxProblem, solution: Solution) -> Record:
    """A solved box problem in plain values, audited when there is a solution."""
    from surrogate.solving import Status  # here, so that a table of a stored run loads no solver

    audit = problem.embedding.audit() if solution.has_solution else None
    size = problem.embedding.size
    return {
        "status": str(solution.status),
        "objective": solution.objective,
        "bound": solution.bound,
        "gap": solution.gap,
        "inputs": dict(zip(net.input_labels, audit.inputs.tolist(), strict=True))
        if audit
        else None,
        "forward_pass": dict(zip(net.output_labels, audit.expected.tolist(), strict=True))
        if audit
        else None,
        "box": str(problem.embedding.box),
        "boundary": list(problem.embedding.boundary()) if audit else None,
        "within_hull": audit.within_hull if audit else None,
        "audit_error": audit.error if audit else None,
        "audit_passed": audit.passed if audit else None,
        "pattern_matches": audit.pattern_matches if audit else None,
        "objective_with_true_pattern": audit.fixed_objective if audit else None,
        "encoding": problem.embedding.encoding,
        "reason": problem.embedding.reason,
        "variables": size.variables,
        "binaries": size.binaries,
        "constraints": size.constraints,
        "build_seconds": problem.embedding.seconds,
        "solve_seconds": solution.seconds,
        "method": solution.method,
        "nodes": solution.nodes,
        "iterations": solution.iterations,
        "advice": solution.advice if solution.status != Status.OPTIMAL else None,
        "warnings": list(solution.warnings),
    }


def record_table(title: str, record: Record) -> Table:
    """A record as a two-column table; values that are None or empty are left out."""
    shown = {name: value for name, value in record.items() if value not in (None, {}, [])}
    rows = [(name.replace("_", " "), _text(value)) for name, value in shown.items()]
    return Table(title=title, columns=("", ""), rows=tuple(rows), align="left")


def _text(value: object) -> str:
    match value:
        case float():
            return f"{value:.9g}"
        case dict():
            return ", ".join(f"{k} = {_text(v)}" for k, v in value.items())
        case list():
            return ", ".join(f"[{_text(v)}]" if isinstance(v, list) else _text(v) for v in value)
    return str(value)
