"""Networks that know what they imitate, made without training: random neurons, least squares."""

import numpy as np

from surrogate.network import Network


def fitted(inputs, outputs, box, neurons=24, seed=0):
    """One hidden layer of random kinks in the box; the output layer fits the samples best."""
    rng, (n, d) = np.random.default_rng(seed), inputs.shape
    half = np.where(box.upper > box.lower, (box.upper - box.lower) / 2, 1)
    directions = rng.normal(size=(d, neurons)) / half[:, None]
    through = inputs[rng.integers(n, size=neurons)]
    biases = -(through * directions.T).sum(axis=1)
    hidden = np.maximum(inputs @ directions + biases, 0)
    solved = np.linalg.lstsq(np.column_stack([hidden, np.ones(n)]), outputs, rcond=None)[0]
    return Network((directions, solved[:-1]), (biases, solved[-1]), box)


def networks_for(problem, neurons=24, seed=0):
    """One per function, or one for the table."""
    if problem.table is not None:
        return [fitted(problem.table.inputs, problem.table.outputs, problem.table.box, neurons)]
    samples = [f.box.sample(2000, np.random.default_rng(seed)) for f in problem.functions]
    return [
        fitted(x, f(x), f.box, neurons, seed)
        for f, x in zip(problem.functions, samples, strict=True)
    ]
