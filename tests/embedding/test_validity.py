"""`embed(validity=...)`: the optimum over a hull, by independent oracles, in every form."""

from dataclasses import replace

import numpy as np
import pyomo.environ as pyo
import pytest
from scipy.spatial import Delaunay

from surrogate.bounds import compute_bounds
from surrogate.embedding import embed
from surrogate.encodings import ENCODINGS
from surrogate.errors import EmbeddingError, NetworkError
from surrogate.network import Network
from surrogate.problems import box_problem
from surrogate.solving import searching, solve
from surrogate.validity import Hull, HullWarning
from surrogate.validity import hull as hulls
from tests.embedding.models import minimum, model_of
from tests.nets import make_net
from tests.oracles import range_of


def thin(n=60, d=2, seed=0):
    """Data near a line through the box [-1, 1]^d."""
    rng = np.random.default_rng(seed)
    along = rng.uniform(-0.8, 0.8, (n, 1)) * np.linspace(1.0, -0.9, d)
    return np.clip(along + rng.normal(0.0, 0.1, (n, d)), -1.0, 1.0)


def with_hull(net, data):
    return replace(net, hull=Hull.of(data, net(data)))


def hull_range(net, data):
    """The net's range over the convex hull of planar data, by its linear regions."""
    equations = Delaunay(data).convex_hull  # edges: pairs of points
    rows, limits = [], []
    for i, j in equations:
        normal = np.array([data[j, 1] - data[i, 1], data[i, 0] - data[j, 0]])
        normal = normal if (data @ normal <= data[i] @ normal + 1e-12).all() else -normal
        rows.append(normal)
        limits.append(normal @ data[i])
    return range_of(net, net.box, 0, (np.array(rows), np.array(limits)))


@pytest.fixture
def as_weights(monkeypatch):
    """Hulls as convex combinations, however few facets they have."""
    monkeypatch.setattr(hulls, "facet_rows", lambda *_: None)


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_every_encoding_finds_the_optimum_over_the_hull(encoding):
    data = thin()
    net = with_hull(make_net((3, 3)), data)
    m = model_of()
    emb = embed(m.net, net, m.x, encoding=encoding, validity="hull")
    low, _ = hull_range(net, data)
    assert low > range_of(net, net.box)[0] + 0.05  # the box would give another
    assert minimum(m, emb) == pytest.approx(low, abs=1e-5)
    audit = emb.audit()
    assert audit.passed
    assert audit.within_hull


@pytest.mark.usefixtures("as_weights")
def test_convex_combinations_find_it_too():
    data = thin()
    net = with_hull(make_net((3, 3)), data)
    m = model_of()
    emb = embed(m.net, net, m.x, validity="hull")
    assert len(m.net.validity.weights) == len(net.hull.inputs.points)
    assert minimum(m, emb) == pytest.approx(hull_range(net, data)[0], abs=1e-5)
    assert emb.audit().within_hull
    assert any("(hull)" in side for side in emb.boundary())


def test_in_many_inputs_the_optimum_of_a_linear_net_is_that_of_the_samples():
    data, net = thin(40, 8), make_net((), n_inputs=8)
    m = model_of(n=8)
    emb = embed(m.net, with_hull(net, data), m.x, validity="hull")
    assert minimum(m, emb) == pytest.approx(net(data).min(), abs=1e-6)
    assert emb.boundary()


def test_data_on_a_line_hold_the_inputs_to_it():
    t = np.linspace(-0.5, 0.5, 9)[:, None]
    data = t * [1.0, -0.5] + [0.1, 0.2]
    net = with_hull(make_net((3, 3)), data)
    m = model_of()
    emb = embed(m.net, net, m.x, validity="hull")
    along = np.linspace(-0.5, 0.5, 20001)[:, None] * [1.0, -0.5] + [0.1, 0.2]
    assert minimum(m, emb) == pytest.approx(net(along).min(), abs=1e-4)
    assert emb.audit().within_hull


def test_a_constant_column_becomes_a_box_of_one_value():
    data = np.insert(thin(), 1, 0.3, axis=1)
    net = with_hull(make_net((3, 3), n_inputs=3), data)
    m = model_of(n=3)
    emb = embed(m.net, net, m.x, validity="hull")
    assert emb.box.pairs()[1] == (0.3, 0.3)
    minimum(m, emb)
    assert m.x[1].value == pytest.approx(0.3)


@pytest.mark.parametrize("form", ["facets", "weights"])
def test_the_joint_hull_holds_the_outputs_too(form, request):
    if form == "weights":
        request.getfixturevalue("as_weights")
    data = thin(30)
    net = with_hull(make_net((3, 3)), data)
    m = model_of()
    emb = embed(m.net, net, m.x, validity="joint_hull")
    found = minimum(m, emb)
    x = np.random.default_rng(0).dirichlet(np.full(len(data), 0.1), 4000) @ data
    inside = net.hull.contains(np.hstack([x, net(x)]))
    assert 0.1 < inside.mean() < 1.0
    assert found <= net(x[inside]).min() + 1e-6
    assert found >= net(data).min() - 1e-6  # a hull reaches no lower than its points
    assert emb.audit().within_hull


def test_samples_stay_feasible_in_the_joint_hull_of_a_net_that_misses_them():
    data = thin(30)
    net = make_net((3, 3))
    net = replace(net, hull=Hull.of(data, data @ [1.0, 2.0]))  # on a plane, which the net is not
    m = model_of()
    emb = embed(m.net, net, m.x, validity="joint_hull")
    for x in net.hull.points[:3, :2]:
        m.x[0].fix(x[0])
        m.x[1].fix(x[1])
        assert minimum(m, emb) == pytest.approx(net(x[None])[0, 0], abs=1e-6)


@pytest.mark.parametrize("form", ["facets", "weights"])
def test_linked_copies_on_hulls_agree_with_and_without_branch_and_price(form, request, monkeypatch):
    if form == "weights":
        request.getfixturevalue("as_weights")
    monkeypatch.setattr(searching, "CONFINED", 0.0)  # HiGHS is asked first, and says nothing
    data = thin(40, 4)
    net = with_hull(make_net((4,), n_inputs=4, seed=2), data)
    found = {}
    for strengthen in ("auto", "off"):
        m = pyo.ConcreteModel()
        m.x = pyo.Var(range(2), range(4), bounds=(-1, 1))
        m.net = pyo.Block(range(2))
        embs = [
            embed(m.net[t], net, [m.x[t, i] for i in range(4)], validity="hull") for t in range(2)
        ]
        m.tie = pyo.Constraint(expr=m.x[0, 0] + m.x[1, 1] == 0.2)
        m.objective = pyo.Objective(expr=embs[0].outputs[0] - embs[1].outputs[0])
        solution = solve(m, rel_gap=1e-6, strengthen=strengthen)
        assert solution.status == "optimal"
        assert all(emb.audit().passed and emb.audit().within_hull for emb in embs)
        found[solution.method] = solution.objective
    assert found["branch and price"] == pytest.approx(found["HiGHS"], abs=1e-5)


def test_facets_tighten_the_bounds_and_given_bounds_get_the_rows():
    data = thin()
    net = with_hull(make_net((3, 3)), data)
    m = model_of()
    emb = embed(m.net, net, m.x, encoding="bigm", bounds="lp", validity="hull")
    wide = compute_bounds(net, None, "lp")
    assert (emb.bounds.upper[-1] - emb.bounds.lower[-1] < wide.upper[-1] - wide.lower[-1]).all()
    m.net2 = pyo.Block()
    given = embed(m.net2, net, m.x, encoding="bigm", bounds=wide, validity="hull")
    assert given.bounds.constraints == emb.bounds.constraints
    assert minimum(m, given) == pytest.approx(hull_range(net, data)[0], abs=1e-5)


def test_a_hull_of_the_users_for_a_net_from_elsewhere():
    data, net = thin(), make_net((3, 3))
    m = model_of()
    emb = embed(m.net, net, m.x, validity=Hull.of(data))
    assert minimum(m, emb) == pytest.approx(hull_range(net, data)[0], abs=1e-5)
    m.net2 = pyo.Block()
    flat = Hull.of(data, data @ [1.0, 2.0])
    joint = embed(m.net2, net, m.x, validity=flat).hull
    assert joint.n_outputs == 1
    x = flat.points[:, :2]
    assert joint.contains(np.hstack([x, net(x)])).all()
    assert joint.contains(flat.points).all()


def test_the_audit_of_a_box_says_when_the_net_extrapolates():
    net = with_hull(make_net((3, 3)), thin())
    m = model_of()
    emb = embed(m.net, net, m.x)
    minimum(m, emb)
    assert emb.audit().within_hull is False
    assert emb.audit().passed
    m.net2 = pyo.Block()
    bare = embed(m.net2, make_net((3, 3)), m.x)
    minimum(m, bare)
    assert bare.audit().within_hull is None


def test_the_boundary_in_words():
    net = Network((np.array([[1.0], [2.0]]),), (np.zeros(1),), None, ("flow", "heat"))
    net = replace(net, hull=Hull.of([[0.0, 0.0], [2.0, 0.0], [0.0, 1.0]]))
    m = model_of(bounds=(0, 5))
    emb = embed(m.net, net, m.x, validity="hull")
    m.objective = pyo.Objective(expr=-emb.outputs[0] + 0.1 * m.x[0])
    solve(m)
    assert emb.boundary() == (
        "flow >= 0 (box)",
        "heat <= 1 (box)",
        "0.5 flow + heat <= 1 (hull)",
    )
    m.x[0].fix(0.5)
    m.x[1].fix(0.25)
    solve(m)
    assert emb.boundary() == ()


def test_the_box_of_the_network_not_of_the_variables_is_its_boundary(net):
    m = model_of(bounds=(-0.5, 0.5))
    emb = embed(m.net, net, m.x)
    m.objective = pyo.Objective(expr=m.x[0] + m.x[1])
    solve(m)
    assert emb.boundary() == ()


def at(inputs, net=None, own=(-5, 5), validity="hull", fixed=()):
    """`data_limits` at a point, of a triangle of data unless the network has none."""
    plain = Network((np.array([[1.0], [2.0]]),), (np.zeros(1),), None, ("flow", "heat"))
    triangle = Hull.of([[0.0, 0.0], [2.0, 0.0], [0.0, 1.0]])
    m = model_of(bounds=own)
    emb = embed(m.net, net or replace(plain, hull=triangle), m.x, validity=validity)
    m.objective = pyo.Objective(expr=sum((m.x[i] - inputs[i]) * (-1) ** i for i in (0, 1)))
    for i in (0, 1):
        m.x[i].fix(inputs[i])
    solve(m)
    for i in {0, 1} - set(fixed):
        m.x[i].unfix()
    return emb.data_limits()


def test_data_limit_a_solution_where_the_models_own_bounds_do_not():
    slanted, flow, heat = "0.5 flow + heat <= 1 (hull)", "flow >= 0 (box)", "heat <= 1 (box)"
    assert at((0, 1)) == (flow, heat, slanted)
    assert at((0, 1), own=(0, 5)) == (heat, slanted)
    assert at((0, 1), own=(0, 1)) == (slanted,)  # flow may still grow
    assert at((0, 1), fixed=[0]) == (heat, slanted)
    assert at((0, 1), fixed=[0, 1]) == ()
    assert at((0.5, 0.25)) == ()


def test_a_slanted_facet_is_no_limit_where_all_its_inputs_are_at_their_own_bounds():
    triangle = Hull.of([[0.0, 0.0], [2.0, 0.0], [0.0, 2.0]])
    net = replace(make_net((2,)), hull=triangle, box=None)
    assert at((1, 1), net, own=(0, 1)) == ()
    assert at((1, 1), net, own=(0, 1.5)) == ("x0 + x1 <= 2 (hull)",)


def test_a_side_of_the_networks_box_limits_where_the_variables_reach_beyond(net):
    assert at((1, 0), net, own=(-1, 1), validity="box") == ()
    assert at((1, 0), net, own=(-1, 1 + 1e-9), validity="box") == ()
    (side,) = at((1, 0), net, own=(-1, 1.1), validity="box")
    assert side.endswith("<= 1 (box)")
    assert at((1, 0), net, own=(None, None), validity="box") == (side,)


def test_outputs_count_in_the_hull_of_both():
    data = thin()
    line = Hull.of(data, data @ [1.0, 2.0] + 0.1 * np.sin(9 * data[:, 0]))
    net = replace(make_net((3, 3)), hull=line)
    m = model_of()
    emb = embed(m.net, net, m.x, validity="joint_hull")
    minimum(m, emb)
    assert emb.data_limits()
    for variable in (*emb.inputs, *emb.outputs):
        variable.fix()
    assert emb.boundary()
    assert emb.data_limits() == ()
    emb.outputs[0].unfix()
    assert emb.data_limits()


def test_box_problem_takes_a_validity():
    data = thin()
    net = with_hull(make_net((3, 3)), data)
    problem = box_problem(net, "maximize", validity="hull")
    assert solve(problem.model).objective == pytest.approx(hull_range(net, data)[1], abs=1e-5)


@pytest.mark.parametrize("validity", ["Hull", 5, None, ["hull"], b"hull"])
def test_an_unknown_validity_is_refused(net, validity):
    m = model_of()
    with pytest.raises(EmbeddingError, match="use 'box', 'hull', 'joint_hull', or a"):
        embed(m.net, net, m.x, validity=validity)


def test_what_the_network_does_not_hold_is_refused_with_the_remedy(net):
    m = model_of()
    for validity in ("hull", "joint_hull"):
        with pytest.raises(EmbeddingError, match=r"train it with.*validity=surrogate.Hull.of"):
            embed(m.net, net, m.x, validity=validity)
    inputs_only = replace(net, hull=Hull.of(thin()))
    with pytest.raises(EmbeddingError, match="one of inputs alone; use 'hull'"):
        embed(m.net, inputs_only, m.x, validity="joint_hull")


def test_a_hull_of_other_columns_is_refused(net):
    m, data = model_of(), thin()
    for hull in (Hull.of(thin(d=3)), Hull.of(data, data)):
        with pytest.raises(EmbeddingError, match="the network has 2 and 1"):
            embed(m.net, net, m.x, validity=hull)
        with pytest.raises(NetworkError, match="the network has 2 and 1"):
            replace(net, hull=hull)
    with pytest.raises(NetworkError, match=r"the hull is list; give surrogate\.Hull\.of"):
        replace(net, hull=[[0.0, 1.0]])


def test_variables_beside_the_hull_are_refused(net):
    triangle = Hull.of([[0.0, 0.0], [0.5, 0.0], [0.0, 0.5]])
    m = model_of()
    m.x[0].setlb(0.6)
    with pytest.raises(EmbeddingError, match=r"the hull of the data reaches over .*input 0"):
        embed(m.net, net, m.x, validity=triangle)
    m.x[0].setlb(0.4)
    m.x[1].setlb(0.4)
    with pytest.raises(EmbeddingError, match="where the hull of the data has no point; change"):
        embed(m.net, net, m.x, validity=triangle)
    assert m.net.component("surrogate") is None  # nothing is half built


def test_a_block_with_a_validity_is_refused(net):
    m = model_of()
    m.net.validity = pyo.Var()
    with pytest.raises(EmbeddingError, match="'validity'"):
        embed(m.net, net, m.x)


@pytest.mark.parametrize(("validity", "share"), [("hull", "0.2"), ("joint_hull", "0.7")])
def test_a_hull_that_leaves_out_much_is_told_where_embed_is_called(validity, share):
    data = thin()
    net = with_hull(make_net((3, 3)), data)
    for lossy in (False, True):
        lost = (0.7, 0.2) if lossy else (0.1, 0.1)
        hull = Hull(net.hull.points, 2, *lost)
        m = model_of()
        if not lossy:
            embed(m.net, replace(net, hull=hull), m.x, validity=validity)
            continue
        with pytest.warns(HullWarning, match=f"leaves out {float(share):.0%} of them") as caught:
            embed(m.net, replace(net, hull=hull), m.x, validity=validity)
        assert caught[0].filename == __file__
        m = model_of()
        embed(m.net, replace(net, hull=hull), m.x, validity="box")


def test_a_given_hull_that_leaves_out_much_is_told_too():
    net, data = make_net((3, 3)), thin()
    m = model_of()
    with pytest.warns(HullWarning, match="30%"):
        embed(m.net, net, m.x, validity=Hull(data, 2, 0.3, 0.3))
