"""A results folder written row by row, so that nothing has to be trained or solved."""

from contextlib import closing
from itertools import product

from surrogate.study.environment import Environment
from surrogate.study.rows import NetRow, SolveRow
from surrogate.study.store import Store


def store(folder, study, regrets=None, encodings=("omlt",)):
    """Every net and solve of a study; the k-th encoding takes 2^k seconds for both senses.

    Without regrets the problem is a box, minimised and maximised, and no truth is known. With them
    it has one sense; `regrets[layout]` is that of every restart.
    """
    senses = ("minimize", "maximize") if regrets is None else ("minimize",)
    restarts = range(study.restarts)
    nets = [net(*key) for key in product(study.all_layouts, study.recipes, restarts)]
    with closing(Store.create(folder, study)) as made:
        made.record_environment(Environment.current(1))
        made.add_nets(nets)
        for one, sense, seed in product(nets, senses, study.solver_seeds):
            for k, encoding in enumerate(encodings):
                known = {} if regrets is None else truth(regrets[one.layout])
                made.add_solve(solve(one, sense, seed, encoding, 2.0**k / len(senses), known))
    return folder


def net(layout, recipe, restart):
    """A net whose errors grow with the restart's number and with the depth."""
    error = 1e-3 * (int(layout.split("x")[0]) + 0.1 * restart)
    return NetRow(
        layout=layout,
        recipe=recipe,
        restart=restart,
        surrogate="",
        file=f"{layout}-{recipe}-r{restart:02d}.onnx",
        content_hash="0" * 64,
        mae=error,
        mse=error**2,
        max_error=10 * error,
        training_mae=error,
        dead=False,
        active=0,
        inactive=0,
        unstable=24,
        onnxruntime_error=1e-7,
        seconds=1.0,
        curve=(1.0,),
    )


def solve(one, sense, seed, encoding, seconds, known):
    """A solve that was proved optimal and passed its audit."""
    return SolveRow(
        layout=one.layout,
        recipe=one.recipe,
        restart=one.restart,
        sense=sense,
        solver_seed=seed,
        encoding=encoding,
        status="optimal",
        variables=82,
        binaries=24,
        constraints=130,
        largest_m=3.0,
        build_seconds=0.1,
        solve_seconds=seconds,
        nodes=1,
        iterations=1,
        audit_error=0.0,
        audit_passed=True,
        **known,
    )


def truth(regret):
    """What is known of a decision whose regret is known."""
    return {"regret": regret, "violation": 0.01, "decision_error": 0.02, "boundary": False}
