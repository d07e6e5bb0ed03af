r"""Planning a plant over T periods: what the operating point yields in each is a network's output.

Of every period t a plan says the operating point x_t in the box of the network, whether the plant
is on, z_t in {0, 1}, and starts, w_t in [0, 1], the batches n_t in {0, .., N}, the tons made,
p_t >= 0, and sold, 0 <= s_t <= demand_t, and the stock at the end, 0 <= v_t <= V. With the share
h_ti = (x_ti - lower_i) / (upper_i - lower_i) of every input in its interval, and y_t = f(x_t):

    max  sum_t price_t s_t - batch_cost n_t - on_cost z_t - start_cost w_t - holding v_t
               - input_cost.h_t

    yields    p_t <= base + slope y_t          the tons that the operating point can give
    batches   p_t <= SIZE n_t                  and that the batches can hold
    switch    n_t <= N z_t
    least     LEAST z_t <= h_t1                the first input is the load: at least this when on,
    off       h_t1 <= z_t                      and at its lowest when off
    starts    w_t >= z_t - z_(t-1)             z_0 = 0
    balance   v_t = v_(t-1) + p_t - s_t        v_0 given, v_T >= v_0
    ramp      |h_t2 - h_(t-1)2| <= RAMP        the second input, if there is one, is slow
    budget    sum_t resource_k.h_t <= limit_k  k = 1, 2
    crew      sum_t n_t <= CREW N T

Starts, balance and ramp tie each period to the next, budget and crew tie all: 24 rows over several
periods with T = 8, and 2 T integers beside those of the networks.

It is always feasible. The plan that is never on, sells nothing and has all inputs at their lower
bounds obeys every row: h = 0, v_t = v_0, and p_t = 0 needs no more of the yield than that it is not
negative, for which base and slope are such that it is at least `LEAST_YIELD` there. It is bounded,
as all that earns money is: sales by demand.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyomo.environ as pyo

from surrogate.bounds import Bounds, compute_bounds
from surrogate.box import Box, FloatArray
from surrogate.embedding import Embedding, embed
from surrogate.errors import InputError
from surrogate.network import Network, check_network
from surrogate.problems.instance import Instance
from surrogate.programs import Builder
from surrogate.programs.program import IntArray

BATCHES, SIZE = 6, 20.0  # N, and the tons of a batch
LEAST, RAMP, CREW = 0.25, 0.4, 0.6
STOCK, FIRST_STOCK = 120.0, 20.0  # V and v_0, tons
LEAST_YIELD, LARGEST_YIELD = 10.0, 100.0  # tons at the worst and at the best of the samples
SAMPLES = 2_000


@dataclass(frozen=True, eq=False)
class ProductionData:
    """The numbers of one plan that are drawn: see `production_data`.

    base, slope        the tons that an output y allows are base + slope y
    demand, price      (T,) tons, and money per ton
    batch_cost, on_cost, start_cost, holding   money per batch, period that is on, start, and ton
                                               that is kept for a period
    input_cost         (d,) money per period of an input at its upper bound
    resource, limit    (2, d) and (2,): used per period by an input at its upper bound, and in all
    """

    box: Box
    base: float
    slope: float
    demand: FloatArray
    price: FloatArray
    batch_cost: float
    on_cost: float
    start_cost: float
    holding: float
    input_cost: FloatArray
    resource: FloatArray
    limit: FloatArray


@dataclass(frozen=True)
class ProductionProblem:
    """The Pyomo model, ready to solve, its data, and the handle on each period's network."""

    model: pyo.ConcreteModel
    embeddings: tuple[Embedding, ...]
    data: ProductionData
    instance: Instance


def production_data(
    net: Network, periods: int = 8, seed: int = 0, *, output: int = 0
) -> ProductionData:
    """Draw the numbers for T = `periods`, with numpy's default generator, in this order:

        demand = uniform(30, 110, T), price = uniform(1, 6, T); uniform costs of batch (10, 20),
        of being on (40, 120), start (30, 80), holding (0.1, 0.4) and input (5, 25, d);
        resource = uniform(0.2, 1, (2, d)), of which the limit is 0.4 T times a row's sum,

    and 2,000 uniform points of the box, to which the lower corner is added: base and slope map the
    smallest and largest output there to `LEAST_YIELD` and `LARGEST_YIELD`.

    Raises `BoxError` when the network has no box; `InputError` when there are no periods or there
    is no such output, when the load cannot vary, or when the output is the same at all points.
    """
    check_network(net)
    box = net.domain()
    if periods < 1:
        raise InputError(f"periods is {periods}; a plan needs at least 1")
    if not 0 <= output < net.n_outputs:
        raise InputError(
            f"output {output} does not exist; the network has outputs 0 to {net.n_outputs - 1}"
        )
    if box.upper[0] <= box.lower[0]:
        raise InputError(f"the first input is the load, and the box {box} fixes it; widen it")
    rng, d = np.random.default_rng(seed), box.n_inputs
    demand, price = rng.uniform(30.0, 110.0, periods), rng.uniform(1.0, 6.0, periods)
    batch, on, start, holding = rng.uniform([10.0, 40.0, 30.0, 0.1], [20.0, 120.0, 80.0, 0.4])
    input_cost, resource = rng.uniform(5.0, 25.0, d), rng.uniform(0.2, 1.0, (2, d))
    points = np.concatenate([box.lower[None], box.sample(SAMPLES, rng)])
    y = net(points)[:, output]
    low, high = float(y.min()), float(y.max())
    if not high > low:
        raise InputError(f"output {output} is {low:g} at all points, and no plan depends on it")
    slope = (LARGEST_YIELD - LEAST_YIELD) / (high - low)
    return ProductionData(
        box=box,
        base=LEAST_YIELD - slope * low,
        slope=slope,
        demand=demand,
        price=price,
        batch_cost=float(batch),
        on_cost=float(on),
        start_cost=float(start),
        holding=float(holding),
        input_cost=input_cost,
        resource=resource,
        limit=0.4 * periods * resource.sum(axis=1),
    )


def production_problem(
    net: Network,
    periods: int = 8,
    seed: int = 0,
    encoding: str = "auto",
    bounds: Bounds | str | None = None,
    *,
    output: int = 0,
) -> ProductionProblem:
    """Build the plan for `periods` periods; the network's output `output` gives the yields.

    seed       of the data: see `production_data`
    encoding   of the network in every period, as in `embed`
    bounds     as in `embed`, or a bounds method by name, computed once for all periods

    The model's variables are x[t, i] and, by period, on, start, batches, made, sold and stock.

    Raises what `production_data` and `embed` raise.
    """
    data = production_data(net, periods, seed, output=output)
    instance, box = production_instance(data, output), data.box
    if isinstance(bounds, str):
        bounds = compute_bounds(net, box, bounds)
    model = pyo.ConcreteModel()
    model.x = pyo.Var(range(periods), range(net.n_inputs))
    for (_, i), variable in model.x.items():
        variable.bounds = box.pairs()[i]
    model.net = pyo.Block(range(periods))
    embeddings = tuple(
        embed(model.net[t], net, list(model.x[t, :]), encoding=encoding, bounds=bounds)
        for t in range(periods)
    )
    yields = [embedding.outputs[output] for embedding in embeddings]
    places = [*instance.inputs.ravel().tolist(), *instance.outputs.tolist()]
    instance.write(model, dict(zip(places, [*model.x.values(), *yields], strict=True)))
    return ProductionProblem(model, embeddings, data, instance)


def production_instance(data: ProductionData, output: int = 0) -> Instance:
    """The plan in arrays, for the network's output number `output`."""
    builder, box, periods = Builder(), data.box, len(data.demand)
    x = builder.add_columns("x", np.tile(box.lower, periods), np.tile(box.upper, periods))
    x = x.reshape(periods, box.n_inputs)
    zero, one = np.zeros(periods), np.ones(periods)
    y = builder.add_columns("y", zero - np.inf, np.inf)
    on = builder.add_columns("on", zero, 1.0, integer=True)
    start = builder.add_columns("start", zero, 1.0)
    batches = builder.add_columns("batches", zero, float(BATCHES), integer=True)
    made = builder.add_columns("made", zero, SIZE * BATCHES)
    sold = builder.add_columns("sold", zero, data.demand)
    end = np.where(np.arange(periods) == periods - 1, FIRST_STOCK, 0.0)
    stock = builder.add_columns("stock", end, STOCK)

    step = np.eye(periods) - np.eye(periods, k=-1)  # of each period from the one before
    first = np.where(np.arange(periods) == 0, FIRST_STOCK, 0.0)
    builder.add_rows("yields", -np.inf, data.base, (made, one), (y, -data.slope * one))
    builder.add_rows("in_batches", -np.inf, 0.0, (made, one), (batches, -SIZE * one))
    builder.add_rows("switch", -np.inf, 0.0, (batches, one), (on, -BATCHES * one))
    builder.add_rows("starts", -np.inf, 0.0, (on, step), (start, -one))
    builder.add_rows("balance", first, first, (stock, step), (made, -one), (sold, one))
    builder.add_rows("crew", -np.inf, CREW * BATCHES * periods, (batches, one[None]))
    per_unit = _add_operating_rows(builder, data, x, on)

    cost = np.zeros(builder.n_columns)
    cost[sold], cost[stock] = data.price, -data.holding
    cost[batches], cost[on], cost[start] = -data.batch_cost, -data.on_cost, -data.start_cost
    cost[x] = -data.input_cost * per_unit
    offset = float(periods * (data.input_cost * per_unit) @ box.lower)
    return Instance(builder, cost, True, x, y, output, offset)


def _add_operating_rows(
    builder: Builder, data: ProductionData, x: IntArray, on: IntArray
) -> FloatArray:
    """The rows of the inputs' shares h = per_unit (x - lower); returns per_unit, (d,).

    An input whose interval is a point has h = 0.
    """
    box, periods, one = data.box, len(x), np.ones(len(x))
    width = box.upper - box.lower
    per_unit = np.where(width > 0.0, 1.0 / np.where(width > 0.0, width, 1.0), 0.0)
    lowest = per_unit * box.lower
    load = (x[:, 0], per_unit[0] * one)
    builder.add_rows("least", lowest[0], np.inf, load, (on, -LEAST * one))
    builder.add_rows("off", -np.inf, lowest[0], load, (on, -one))
    if len(width) > 1 and periods > 1:
        change = (np.eye(periods) - np.eye(periods, k=-1))[1:]
        builder.add_rows("ramp", -RAMP, RAMP, (x[:, 1], per_unit[1] * change))
    used = np.tile(data.resource * per_unit, periods)
    least = periods * data.resource @ lowest
    builder.add_rows("budget", -np.inf, data.limit + least, (x.ravel(), used))
    return per_unit
