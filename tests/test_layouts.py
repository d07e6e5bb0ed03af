from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surrogate.errors import LayoutError
from surrogate.layouts import all_layouts, constant_width_layouts, layout_name, layout_widths


def test_the_origins_layouts():
    expected = ("1x24", "2x12", "3x8", "4x6", "6x4", "8x3", "12x2", "24x1")
    assert constant_width_layouts(24) == expected


@pytest.mark.parametrize(
    ("name", "widths"),
    [("3x8", (8, 8, 8)), ("1x24", (24,)), ("12-8-4", (12, 8, 4)), ("linear", ()), ("7", (7,))],
)
def test_names_mean_widths(name, widths):
    assert layout_widths(name) == widths


@given(st.lists(st.integers(1, 99), max_size=6))
def test_every_architecture_has_a_name_that_means_it(widths):
    assert layout_widths(layout_name(widths)) == tuple(widths)


@given(st.integers(1, 500))
def test_constant_width_layouts_spend_the_whole_budget(neurons):
    layouts = constant_width_layouts(neurons)
    assert all(sum(layout_widths(name)) == neurons for name in layouts)
    assert len(layouts) == sum(neurons % d == 0 for d in range(1, neurons + 1))


@pytest.mark.parametrize(
    "name", ["", "3x", "x8", "0x8", "3x0", "8-0", "8--4", "-8", "3x8x2", "3 x 8"]
)
def test_other_names_are_refused_with_an_example(name):
    with pytest.raises(LayoutError, match="3x8"):
        layout_widths(name)


@pytest.mark.parametrize("name", ["99999999999x9", "1x10001", "9999-2"])
def test_layouts_that_would_exhaust_memory_are_refused(name):
    with pytest.raises(LayoutError, match=f"layout {name} has .* the limit is 10000"):
        layout_widths(name)
    with pytest.raises(LayoutError, match="the limit is 10000"):
        constant_width_layouts(10**12)


@pytest.mark.parametrize("neurons", [0, -3])
def test_a_budget_below_one_neuron_is_refused(neurons):
    with pytest.raises(LayoutError, match=f"{neurons} neurons"):
        constant_width_layouts(neurons)


def test_all_layouts_of_a_budget():
    assert all_layouts(4, 2) == ("1x4", "1-3", "2x2", "3-1")
    assert all_layouts(3, 9) == ("1x3", "1-2", "2-1", "3x1")
    assert all_layouts(1, 1) == ("1x1",)


@given(st.integers(1, 12), st.integers(1, 4))
def test_all_layouts_are_different_and_spend_the_budget(neurons, depth):
    layouts = [layout_widths(layout) for layout in all_layouts(neurons, depth)]
    assert all(sum(widths) == neurons and len(widths) <= depth for widths in layouts)
    assert len(set(layouts)) == len(layouts) == sum(comb(neurons - 1, k) for k in range(depth))


@pytest.mark.parametrize(
    ("neurons", "depth", "message"),
    [
        (0, 2, "0 neurons in at most 2 layers"),
        (5, 0, "at most 0 layers"),
        (40, 5, "the limit is 5,000"),
        (20_000, 1, "the limit is 10000"),
    ],
)
def test_budgets_that_make_no_layouts_or_too_many(neurons, depth, message):
    with pytest.raises(LayoutError, match=message):
        all_layouts(neurons, depth)
