"""The outer approximation has every solution of the program, whatever its pieces and cuts."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from surrogate.cells import CellTree, Cover
from surrogate.decomposition import OuterSearch
from surrogate.decomposition.cuts import Cut
from surrogate.decomposition.outer import outer_approximation
from surrogate.decomposition.pieces import Piece
from surrogate.programs import Session, Status
from tests.cells.random_nets import descended, exact_product, exact_value, nets, points_inside
from tests.decomposition.blind import Blind
from tests.decomposition.test_bound import optimum_of
from tests.decomposition.test_splitting import taken_apart
from tests.nets import make_net
from tests.solving.mixed_models import feature_sets, random_model, two_nets


def random_direction(rng, copy):
    return rng.standard_normal(copy.net.n_outputs), rng.standard_normal(copy.net.n_inputs)


def whole_piece(copy):
    cover = Cover.of(copy.tree, copy.lower, copy.upper)
    return Piece.whole(copy.tree, copy.lower, copy.upper, cover)


def random_pieces(rng, copy, n):
    """The copy's box in so many pieces, with cuts of their own."""
    pieces = [whole_piece(copy).priced(copy.tree, [random_direction(rng, copy)], 0.1)]
    while len(pieces) < n:
        piece = pieces.pop(int(rng.integers(len(pieces))))
        axis = int((piece.upper - piece.lower).argmax())
        at = piece.lower[axis] + rng.uniform(0.2, 0.8) * (piece.upper - piece.lower)[axis]
        halves = piece.halves(axis, float(at))
        pieces += [half.priced(copy.tree, [random_direction(rng, copy)], 0.1) for half in halves]
    return pieces


def some_parts(seed, features):
    nets = two_nets(seed % 1000, 3, widths=((4, 2), (3,)))
    return nets, taken_apart(random_model(seed, nets, features, "bigm").model)[2]


@settings(max_examples=20)
@given(features=feature_sets, seed=st.integers(0, 10**6), n=st.integers(1, 4))
def test_points_of_the_graphs_are_in_it(features, seed, n):
    rng, (_, parts) = np.random.default_rng(seed), some_parts(seed, features)
    if parts is None:
        return
    pieces = [random_pieces(rng, copy, n) for copy in parts.copies]
    outer = outer_approximation(parts, pieces)
    program, own = outer.program, outer.program.n_rows - len(parts.row_lower)
    for _ in range(10):
        solution = np.zeros(program.n_columns)
        solution[: len(parts.rest.cost)] = np.clip(0.0, parts.rest.lower, parts.rest.upper)
        for copy, place, some in zip(parts.copies, outer.places, pieces, strict=True):
            k = int(rng.integers(n))
            x = rng.uniform(some[k].lower, some[k].upper)
            solution[place.z[k]], solution[place.x[k]] = 1.0, x
            solution[place.y[k]] = copy.net(x[None])[0]
        rows = program.matrix @ solution
        assert (rows[:own] >= program.row_lower[:own]).all()
        assert (rows[:own] <= program.row_upper[:own]).all()
        assert (solution >= program.lower).all()
        assert (solution <= program.upper).all()
        values = parts.rest.matrix @ solution[: len(parts.rest.cost)]
        cost = parts.offset + parts.rest.cost @ solution[: len(parts.rest.cost)]
        for t, k in enumerate(outer.chosen(solution)):
            x, y = (a[None] for a in outer.point(t, k, solution))
            values = values + parts.points_rows(t, x, y)[:, 0]
            cost += parts.points_cost(t, x, y)[0]
        np.testing.assert_allclose(rows[own:], values, atol=1e-9)
        assert program.cost @ solution + program.offset == pytest.approx(cost, abs=1e-9)


@settings(max_examples=20)
@given(features=feature_sets, seed=st.integers(0, 10**6))
def test_its_optimum_is_a_bound_that_more_pieces_raise(features, seed):
    rng, (nets, parts) = np.random.default_rng(seed), some_parts(seed, features)
    if parts is None:
        return
    optimum, last = optimum_of(seed, nets, features), -np.inf
    pieces = [[whole_piece(copy)] for copy in parts.copies]
    for _ in range(3):
        outcome = Session(outer_approximation(parts, pieces).program).solve()
        if outcome.status is Status.INFEASIBLE:
            assert np.isinf(optimum)
            return
        assert outcome.status is Status.OPTIMAL
        assert outcome.bound <= optimum + 1e-6
        assert outcome.objective >= last - 1e-4 * (1.0 + abs(last))  # HiGHS's gap
        last = outcome.bound
        for t, copy in enumerate(parts.copies):
            piece = pieces[t].pop(0)
            axis = int((piece.upper - piece.lower).argmax())
            halves = piece.halves(axis, float((piece.lower + piece.upper)[axis] / 2.0))
            direction = random_direction(rng, copy)
            pieces[t] += [half.priced(copy.tree, [direction], 0.01) for half in halves]


@settings(max_examples=30)
@given(net=nets, seed=st.integers(0, 10**6))
def test_no_point_of_a_piece_violates_its_cuts(net, seed):
    rng, tree = np.random.default_rng(seed), CellTree(net, net.box)
    lower, upper = net.box.lower, net.box.upper
    piece = Piece.whole(tree, lower, upper, Cover.of(tree, lower, upper))
    v, g = rng.standard_normal(net.n_outputs), rng.standard_normal(net.n_inputs)
    for _ in range(2):
        piece = piece.priced(tree, [(v, g)], 0.05)
        assert piece.holds(piece)
        for cut in piece.cuts:
            points = descended(net, piece.lower, piece.upper, cut.v, cut.g, rng)[-8:]
            for x in np.vstack([points_inside(piece.lower, piece.upper, 4, rng), points]):
                assert exact_value(net, cut.v, x) - exact_product(cut.g, x) >= cut.least
        axis = int((piece.upper - piece.lower).argmax())
        if not piece.upper[axis] > piece.lower[axis]:
            return
        whole = piece
        low, high = piece.halves(axis, float(rng.uniform(piece.lower[axis], piece.upper[axis])))
        assert whole.holds(low)
        assert whole.holds(high)
        assert not low.holds(whole)
        assert low.upper[axis] == high.lower[axis]
        piece = low if rng.random() < 0.5 else high


def test_of_two_cuts_in_one_direction_the_better_one_counts():
    def cut(least):
        return Cut(0, np.ones(1), np.zeros(2), least, np.zeros(2))

    nothing = np.zeros((0, 2))
    piece = Piece(np.zeros(2), np.ones(2), Cover(np.zeros(0, dtype=int), nothing, nothing), ())
    piece = piece.with_cuts([cut(1.0), cut(3.0)]).with_cuts([cut(2.0)])
    assert [one.least for one in piece.cuts] == [3.0]
    no_direction = Cut(0, np.zeros(1), np.ones(2), 5.0, np.zeros(2))
    assert piece.with_cuts([no_direction]).cuts == piece.cuts


def test_prices_of_any_size_make_rows_of_one():
    copy = some_parts(1, ("ties",))[1].copies[0]
    piece = whole_piece(copy)
    v, g = random_direction(np.random.default_rng(1), copy)
    pieces = [piece.priced(copy.tree, [(size * v, size * g)], size) for size in (1e-6, 1.0, 1e9)]
    parts = replace(some_parts(1, ("ties",))[1], copies=(copy,))
    matrix = outer_approximation(parts, [pieces]).program.matrix.toarray()
    cuts = matrix[1 + 2 * 3 * copy.net.n_inputs : -len(parts.row_lower)]
    columns = outer_approximation(parts, [pieces]).places[0]
    there = np.concatenate([columns.x.ravel(), columns.y.ravel()])
    np.testing.assert_allclose(np.abs(cuts[:, there]).max(axis=1), 1.0)
    assert len(cuts) == sum(len(piece.cuts) for piece in pieces)


class RoundByRound(OuterSearch):
    """Every run stops after a round, as if its time were up."""

    def _round(self, helper):
        super()._round(helper)
        return False


@pytest.mark.parametrize("features", [("integers",), ("integers", "ties", "maximize"), ("rows",)])
@pytest.mark.parametrize("seed", range(3))
def test_a_search_that_is_stopped_goes_on_and_its_bound_rises_to_the_optimum(seed, features):
    nets = two_nets(seed, 3, widths=((4, 2), (3,)))
    translation, _, parts = taken_apart(random_model(seed, nets, features, "bigm").model)
    search, found = RoundByRound(parts, 1e-4, 1e-6, 0), []
    optimum = Session(translation.program, options={"mip_rel_gap": 0.0}).solve()
    least = optimum.objective * (-1.0 if translation.program.maximize else 1.0)
    for _ in range(4):
        found.append(search.run(Blind(), np.inf))
        assert found[-1].bound <= least + 1e-6
        assert found[-1].solution is None
        assert not found[-1].proved
    bounds = [one.bound for one in found]
    assert bounds == sorted(bounds)
    search.know((least, optimum.x))
    while not found[-1].proved:  # without a solution from anywhere else
        found.append(search.run(Blind(), np.inf))
        assert found[-1].bound <= least + 1e-6
    assert found[-1].solution is optimum.x
    assert least - found[-1].bound <= 1e-4 * abs(least) + 1e-6
    assert len(found) < 100


@pytest.mark.parametrize("seed", range(4))
def test_cuts_hold_in_all_of_their_pieces_and_the_pieces_are_the_box(seed):
    # Two copies of one net, which share cuts, and a solution, for which cells could be left out.
    net = make_net((5, 4), 3, 1, seed)
    model = random_model(seed, [net, net], ("integers", "ties", "rows"), "bigm").model
    translation, _, parts = taken_apart(model)
    known = Session(translation.program).solve()
    search, rng = RoundByRound(parts, 1e-4, 1e-6, 0), np.random.default_rng(seed)
    search.know((known.objective, known.x))
    for _ in range(12):
        search.run(Blind(), np.inf)
    pieces = search.pieces
    assert max(map(len, pieces)) > 1
    for copy, some in zip(parts.copies, pieces, strict=True):
        volume = sum(np.prod(piece.upper - piece.lower) for piece in some)
        assert volume == pytest.approx(np.prod(copy.upper - copy.lower))
        for piece in some:
            for cut in piece.cuts:
                low = descended(net, piece.lower, piece.upper, cut.v, cut.g, rng)
                x = np.vstack([low, points_inside(piece.lower, piece.upper, 30, rng)])
                assert (net(x) @ cut.v - x @ cut.g >= cut.least).all()


def test_a_search_without_time_does_not_begin():
    model = random_model(0, two_nets(0, 3, widths=((4, 2), (3,))), (), "bigm").model
    search = OuterSearch(taken_apart(model)[2], 1e-4, 1e-6, 0)
    assert search.run(Blind(), 0.0).bound == -np.inf
    assert not search.pieces


def test_a_model_without_a_solution_ends_with_an_infinite_bound():
    model = random_model(0, two_nets(0, 3, widths=((4, 2), (3,))), ("integers",), "bigm").model
    model.rows.add(model.n[0] + model.net[0].surrogate.outputs[0] >= 50.0)
    found = OuterSearch(taken_apart(model)[2], 1e-4, 1e-6, 0).run(Blind(), np.inf)
    assert found.bound == np.inf
    assert found.proved
    assert found.solution is None
