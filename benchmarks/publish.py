"""Publish a finished full run: models/, docs/ and the tables of the README.

    surrogate run && python benchmarks/publish.py runs/xy-24

Copies the best net of each layout to models/, writes models/README.md and docs/*.svg, and replaces
the README's text between its `<!-- tables -->` markers by the tables of the run.
"""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path

from surrogate.choosing import ranked
from surrogate.report import markdown, recommendation, report_tables
from surrogate.report.plots import accuracy_against_seconds
from surrogate.report.tables import environment_table
from surrogate.study import Results

ROOT = Path(__file__).parent.parent
MODELS_README = """# Trained models

The best net of each layout (by training error) from a full run of the default study, `{name}`:
{formula} on {box}, {samples:,} training points, {epochs} epochs, best of {restarts} restarts,
seed {seed}.
Box, labels and provenance are in each file's metadata: `surrogate inspect models/3x8.onnx`.

To make them again, and this page and the README's tables with them:

    surrogate run && python benchmarks/publish.py runs/{name}

The same machine and versions give the same files to the last bit; other processors and versions of
torch round differently, and 31,300 steps of training amplify that into other nets of the same kind.

Errors are on a grid of {grid:,} points; `tests/test_models.py` recomputes them.

| file | restart | MAE | MSE | largest error |
| :-- | --: | --: | --: | --: |
{rows}

{environment}"""


def main() -> None:
    """Publish the run in the folder that the command line names."""
    results = Results.load(sys.argv[1])
    if not results.complete:
        sys.exit(f"{results.folder} is not finished; add --resume to the command that made it")
    publish_models(results, ROOT / "models")
    (ROOT / "docs").mkdir(exist_ok=True)
    plot = accuracy_against_seconds(results) + "\n"
    (ROOT / "docs" / "accuracy-against-seconds.svg").write_text(plot, encoding="utf-8")
    readme = ROOT / "README.md"
    tables = "\n".join(markdown(table) for table in report_tables(results))
    text = f"<!-- tables -->\n{tables}\n> {recommendation(results)}\n<!-- end of tables -->"
    pattern = "<!-- tables -->.*<!-- end of tables -->"
    readme.write_text(
        re.sub(pattern, lambda _: text, readme.read_text(encoding="utf-8"), flags=re.S),
        encoding="utf-8",
    )


def publish_models(results: Results, folder: Path) -> None:
    """Copy the best nets and write the page that claims their errors."""
    study, rows = results.study, []
    (recipe,) = study.recipes
    for layout in study.all_layouts:
        best = ranked(results.restarts, layout, recipe).iloc[0]
        (path,) = results.net_paths(layout, recipe, best["restart"])
        shutil.copy(path, folder / f"{layout}.onnx")
        errors = " | ".join(f"{best[name]:.4e}" for name in ("mae", "mse", "max_error"))
        rows.append(f"| {layout}.onnx | {best['restart']} | {errors} |")
    page = MODELS_README.format(
        **study.model_dump(exclude={"layouts"}),
        formula=study.truth.formula,
        box=study.truth.box,
        grid=len(study.truth.grid()),
        rows="\n".join(rows),
        environment=markdown(environment_table(results.environments)),
    )
    (folder / "README.md").write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
