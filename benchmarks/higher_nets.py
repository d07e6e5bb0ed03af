"""Train the nets of models/higher/, and write the page that says how good they are.

    python benchmarks/higher_nets.py [--only mixed5-3x8 ...]

The nets of benchmarks/higher_dimension.py: `mixed5` and `mixed10` of surrogate.functions, by the
origin's recipe, best of 4 restarts. The same machine and versions give the same files to the last
bit. It takes about 40 seconds on one core.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np

import surrogate as sg
from surrogate.functions import function_named

FOLDER = Path(__file__).parent.parent / "models" / "higher"
NETS = {
    "mixed5-1x24": 10_000,
    "mixed5-2x12": 10_000,
    "mixed5-3x8": 10_000,
    "mixed5-2x24": 10_000,
    "mixed5-3x16": 10_000,
    "mixed10-2x32": 20_000,
}
"""The samples of each net; its name is that of the function and the layout."""
RECIPE, RESTARTS, SEED = "origin", 4, 0

README = """# Nets of five and ten inputs

Trained as the origin trains (`recipe="origin"`), best of {restarts} restarts by the validation part
of the samples, seed {seed}, on uniform points of the box:

{formulas}

To make them again, and this page with them:

    python benchmarks/higher_nets.py

The same machine and versions give the same files to the last bit; others round differently.
`benchmarks/higher_dimension.py` solves problems with these nets.

Errors are on a test set of {grid:,} Sobol' points (`Function.grid`); `tests/test_models.py`
recomputes them. "constant" is the mean absolute error of the best constant.

| file | samples | MAE | MSE | largest error | constant |
| :-- | --: | --: | --: | --: | --: |
{rows}
"""


def main() -> None:
    """Train what is asked for; the page is written from all files."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", nargs="+", choices=list(NETS), default=list(NETS))
    parser.add_argument("--out", type=Path, default=FOLDER, metavar="DIR", help="(%(default)s)")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    for name in args.only:
        sg.save(trained(name), args.out / f"{name}.onnx")
    (args.out / "README.md").write_text(page(args.out), encoding="utf-8")


def trained(name: str) -> sg.Network:
    """The best net of four restarts, with its provenance."""
    function_name, layout = name.split("-")
    truth = function_named(function_name)
    data = sg.Dataset.sample(truth, NETS[name], np.random.default_rng(SEED))
    found = sg.train(data, layout, RECIPE, restarts=RESTARTS, seed=SEED, box=truth.box)
    return replace(
        found[0].network,
        provenance={
            "function": truth.formula,
            "recipe": RECIPE,
            "samples": str(NETS[name]),
            "seed": str(SEED),
            "restart": str(found[0].restart),
        },
    )


def page(folder: Path) -> str:
    """The README of the folder, for the nets that are there."""
    names = [name for name in NETS if (folder / f"{name}.onnx").is_file()]
    truths = [function_named(name) for name in dict.fromkeys(n.split("-")[0] for n in names)]
    return README.format(
        restarts=RESTARTS,
        seed=SEED,
        formulas="\n".join(
            f"- `{f.name}`: {f.formula}, on [-1, 1]^{f.box.n_inputs}" for f in truths
        ),
        grid=len(truths[0].grid()),
        rows="\n".join(row(folder, name) for name in names),
    )


def row(folder: Path, name: str) -> str:
    """One net's errors on the test set."""
    truth, net = function_named(name.split("-")[0]), sg.load(folder / f"{name}.onnx")
    points = truth.grid()
    values = truth(points)
    error = np.abs(net(points) - values)
    constant = np.abs(values - np.median(values)).mean()
    figures = (error.mean(), (error**2).mean(), error.max(), constant)
    return f"| {name}.onnx | {NETS[name]} | " + " | ".join(f"{v:.4e}" for v in figures) + " |"


if __name__ == "__main__":
    main()
