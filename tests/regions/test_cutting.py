"""Complexes by hand: nearly coincident vertices, rounded signs, planes that rounding spoilt."""

from dataclasses import replace

import numpy as np
import pytest

from surrogate.box import Box
from surrogate.regions.complexes import complex_of, scaled
from surrogate.regions.cutting import divide, signs_of
from surrogate.regions.merging import merge


def cut_by(whole, normal, offset, tolerance):
    plane = np.array([*normal, -offset])
    values = whole.points @ plane[:-1] + plane[-1]
    signs = signs_of(whole, values, tolerance)
    planes = np.tile(plane, (whole.n_cells, 1))
    return divide(whole, signs, values[:, None], 0, planes)


@pytest.mark.parametrize("n_inputs", [1, 2, 3])
def test_the_box_as_one_cell(n_inputs):
    whole = complex_of(Box.of([(-1, 1)] * n_inputs))
    assert whole.counts == {1: (2, 1), 2: (4, 4, 1), 3: (8, 12, 6, 1)}[n_inputs]
    facet, _ = whole.pairs[-1]
    centre = np.zeros(n_inputs + 1)
    centre[-1] = 1.0
    np.testing.assert_allclose(whole.planes[facet] @ centre * whole.sides, 0.5)  # in box widths


@pytest.mark.parametrize("side", [1.0, -1.0])
@pytest.mark.parametrize("n_inputs", [2, 3])
def test_a_cut_through_a_tiny_edge_keeps_the_cells_closed(n_inputs, side):
    """A corner is cut off by 1e-13; then a diagonal passes within the tolerance of both new ends.

    The edge between them lies on the zero set of a cell that is cut elsewhere too.
    """
    whole = complex_of(Box.of([(-1, 1)] * n_inputs))
    flat = [0.0] * (n_inputs - 2)
    cut, _ = cut_by(whole, [1.0, 1.0, *flat], 2.0 - 1e-13, 1e-15)
    assert cut.n_cells == 2
    again, columns = cut_by(cut, [side, -side, *flat], 0.0, 1e-12)
    assert again.n_cells == 3
    assert sum((-1) ** k * n for k, n in enumerate(again.counts)) == 1  # Euler: no hole, no gap
    for lower, (sub, sup), n in zip(again.pairs, again.pairs[1:], again.counts[2:], strict=False):
        for cell in range(n):  # its boundary has no boundary: every ridge belongs to two facets
            ridges = np.concatenate([lower[0][lower[1] == s] for s in sub[sup == cell]])
            assert (np.unique_counts(ridges).counts == 2).all()
    np.testing.assert_allclose(columns[len(cut.points) :], 0.0, atol=1e-15)


def test_a_zero_between_two_positive_corners_is_no_end_of_the_cut():
    """Rounding can put the one corner of three that are nearly in line within the tolerance."""
    whole, _ = cut_by(complex_of(Box.of([(-1, 1)] * 2)), [1.0, 1.0], 1.5, 0.0)
    wanted = {
        (-1, -1): -1.0,
        (1, -1): 1.0,
        (1, 0.5): 0.0,
        (0.5, 1): 1.0,
        (1, 1): 1.0,
        (-1, 1): -1.0,
    }
    values = np.array([wanted[tuple(point)] for point in whole.points])
    cut, _ = divide(
        whole, signs_of(whole, values, 1e-9), values[:, None], 0, np.ones((whole.n_cells, 3))
    )
    assert cut.counts == (8, 10, 3)
    assert (np.bincount(cut.pairs[0][1]) == 2).all()


def test_nothing_is_merged_across_a_plane_that_misses_its_own_facet():
    whole, _ = cut_by(complex_of(Box.of([(-1, 1)] * 2)), [1.0, 0.0], 0.0, 0.0)
    maps, reach = np.zeros((2, 3, 1)), np.ones(1)
    assert len(set(merge(whole, maps, reach, lambda: None))) == 1
    facet, _ = whole.pairs[-1]
    outer = np.bincount(facet) == 1
    away = np.zeros(len(outer))
    away[facet] = whole.sides  # beyond the box, where no vertex is beyond it
    planes = whole.planes.copy()
    planes[outer, -1] += 1e-3 * away[outer]
    spoilt = replace(whole, planes=planes)
    assert len(set(merge(spoilt, maps, reach, lambda: None))) == 2


def test_a_plane_whose_gradient_has_vanished_is_zero_nowhere():
    planes = np.array([[3.0, 4.0, 5.0], [0.0, 0.0, 1e-17], [3e-200, 4e-200, 0.0]])
    wanted = np.array([[0.6, 0.8, 1.0], [0.0, 0.0, 1.0], [0.6, 0.8, 0.0]])
    np.testing.assert_allclose(scaled(planes, np.eye(2)), wanted)
