"""`auto` against every peer on random models with integers of their own.

    pip install -e ".[peers]" && python benchmarks/mixed.py

For each of five kinds (see `mixed_models`), `--models` models with the seeds from `--first` on. The
turns of searches (surrogate.decomposition.race, surrogate.solving.decomposing) were chosen on seeds
0 to 7, so the default begins at 10. They are solved by

    auto       surrogate, encoding "auto", HiGHS
    omlt       OMLT's own big-M in Pyomo, HiGHS with its default options
    scip-sos   PySCIPOpt-ML's default formulation, SCIP          (scip-bigm: its big-M)
    gurobi     gurobi-machinelearning, Gurobi with the limited licence that comes with its package

Each solve is one fresh process with everything imported before the clock starts; bounds, building,
translating and solving are inside. One thread, the same gap and limit for all. A peer that is not
installed is left out. Exit code 1 when two solvers contradict each other, or the network. Progress
goes to stderr. The whole run takes up to an hour; --quick takes seconds.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import product

from against_peers import AUTO, add_peers, auto_faster, installed, not_installed, versions_of
from comparing import Run, compare, described, machine, progress, times_table
from linked_solves import own_answer, tiny_net
from mixed_models import KINDS, draw
from peer_models import PEERS
from timing import Answer, Clock, Solve, run_fresh

from surrogate.report import print_table
from surrogate.solving import solve

REL_GAP = 1e-4
GROUP = "random models with integers"


@dataclass(frozen=True)
class Task:
    """One solve: the solver, and the model's kind and seed."""

    solver: str
    kind: str
    seed: int


def main() -> None:
    """Solve everything, and print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--kinds", nargs="+", choices=KINDS, default=list(KINDS), metavar="KIND")
    add("--models", type=int, default=8, metavar="N", help="of each kind (%(default)s)")
    add("--first", type=int, default=10, metavar="N", help="seed of the first (%(default)s)")
    add("--time-limit", type=float, default=30.0, metavar="S", help="per solve (%(default)s s)")
    add("--quick", action="store_true", help="one model of one kind, 5 s: a trial run")
    add_peers(parser)
    args = parser.parse_args()
    if args.quick:
        args.kinds, args.models, args.time_limit = ["knapsack"], 1, 5.0
    if args.models < 1 or not args.time_limit > 0:
        parser.error("--models must be at least 1, --time-limit above 0")
    peers, missing = installed(args.peers)
    headings = {AUTO: "auto"} | {name: PEERS[name].name for name in peers}
    runs, complaints = list[Run](), list[str]()
    for kind, seed in product(args.kinds, range(args.first, args.first + args.models)):
        here = [_run(Task(solver, kind, seed), args.time_limit) for solver in headings]
        complaints += _complaints(kind, seed, here)
        runs += here
    print_table(times_table(GROUP, runs, headings, "integers", "the models of a kind"))
    if peers:
        print_table(auto_faster(runs, headings))
    for name in missing:
        print(not_installed(name))
    print(machine(versions_of(peers)))
    if complaints:
        sys.exit("DISAGREEMENT\n" + "\n".join(complaints))


def _run(task: Task, limit: float) -> Run:
    outcome = run_fresh(prepare, task, limit)
    progress(f"{draw(task.kind, task.seed)}, seed {task.seed}, {task.solver}: {described(outcome)}")
    return Run(task.solver, GROUP, task.kind, task.seed, outcome)


def _complaints(kind: str, seed: int, runs: Sequence[Run]) -> tuple[str, ...]:
    """Whatever of the answers to one model contradicts another, or the network."""
    mixed = draw(kind, seed)
    value = partial(mixed.instance.value, mixed.net)
    found = compare(f"{kind} {seed}", runs, value, REL_GAP, decisions=True).complaints
    ended = {run.outcome.answer.status for run in runs}
    both = "infeasible" in ended and "optimal" in ended
    return (*found, f"{kind} {seed}: infeasible for some, not for others") if both else found


def prepare(task: Task) -> Solve:
    """Import and warm up what the solver needs; return the solve to be timed."""
    mixed = draw(task.kind, task.seed)
    tiny = replace(mixed, net=tiny_net(mixed.net))
    if task.solver == AUTO:
        tiny.model()

        def own(clock: Clock) -> Answer:
            model = mixed.model()
            solution = solve(model, time_limit=clock.left(), rel_gap=REL_GAP)
            return own_answer(solution, model.x.values(), solution.method)

        return own
    peer = PEERS[task.solver]
    build, run = peer.load()
    build(peer.convert(tiny.net), tiny.instance)
    predictor = peer.convert(mixed.net)
    return lambda clock: run(build(predictor, mixed.instance), clock, 0, REL_GAP)


if __name__ == "__main__":
    main()
