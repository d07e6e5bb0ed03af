import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from surrogate.datasets import Dataset
from surrogate.errors import InputError


def numbered(inputs):
    """A dataset whose output is the row's number."""
    return Dataset(inputs, np.arange(len(inputs)))


def parts(split):
    return split.train, split.validation, split.test


def sizes(split):
    return tuple(len(part) for part in parts(split))


def replicated(counts):
    """Rows in which input k stands counts[k] times, the replicates far from each other."""
    ids = np.concatenate([np.full(count, k) for k, count in enumerate(counts)])
    ids = np.random.default_rng(0).permutation(ids)
    return numbered(np.column_stack([ids // 2, ids % 2]).astype(float))


_COUNTS = st.lists(st.integers(1, 9), min_size=3, max_size=40)
_SHARES = st.tuples(st.floats(0.01, 0.98), st.floats(0.01, 0.98)).filter(lambda p: sum(p) < 0.99)


@given(_COUNTS, st.integers(0, 2**32), _SHARES)
def test_the_parts_hold_every_row_once_and_no_input_is_in_two(counts, seed, shares):
    data = replicated(counts)
    split = data.split(seed, *shares)
    rows = np.concatenate([part.outputs[:, 0] for part in parts(split)])
    assert sorted(rows) == list(range(len(data)))
    seen = [{tuple(x) for x in part.inputs} for part in parts(split)]
    assert all(seen)
    assert sum(map(len, seen)) == len(set.union(*seen)) == len(counts)
    for part in parts(split):
        assert np.array_equal(part.inputs, data.inputs[part.outputs[:, 0].astype(int)])
        assert (np.diff(part.outputs[:, 0]) > 0).all()


_MANY = st.lists(st.integers(1, 5), min_size=60, max_size=99)  # the smallest part holds 6 rows


@given(_MANY, st.integers(0, 2**32), st.floats(0.1, 0.4), st.floats(0.1, 0.4))
def test_sizes_are_met_up_to_the_size_of_the_groups(counts, seed, validation, test):
    data = replicated(counts)
    split, n = data.split(seed, validation, test), len(data)
    wanted = (n * (1 - validation - test), n * validation, n * test)
    for size, target in zip(sizes(split), wanted, strict=True):
        # one group too many in this part, or one in each of the others
        assert -2 * max(counts) <= size - target <= max(counts)


@given(st.integers(20, 300), st.integers(0, 99), st.floats(0.05, 0.4), st.floats(0.05, 0.4))
def test_without_replicates_the_sizes_are_the_fractions(n, seed, validation, test):
    split = numbered(np.arange(n)[:, None]).split(seed, validation, test)
    held = (max(1, round(validation * n)), max(1, round(test * n)))
    assert sizes(split) == (n - sum(held), *held)


def test_the_seed_alone_decides():
    data = numbered(np.arange(60.0)[:, None])
    first, again, other = (data.split(seed=seed).test.outputs for seed in (3, 3, 4))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_every_row_is_tested_as_often_as_the_fraction_says():
    data = numbered(np.arange(20.0)[:, None])
    counts = np.zeros((20, 3))
    for seed in range(2000):
        for k, part in enumerate(parts(data.split(seed))):
            counts[part.outputs[:, 0].astype(int), k] += 1
    # 2000 draws with shares 0.7, 0.15, 0.15: five standard deviations are 0.051 and 0.040
    assert np.abs(counts / 2000 - [0.7, 0.15, 0.15]).max() < 0.051


def test_a_group_too_large_for_a_small_part_is_trained_on():
    data = replicated([95, 1, 1, 1, 1, 1])
    for seed in range(20):
        assert len(data.split(seed).train) >= 95


def test_small_parts_that_no_group_fits_get_the_smallest_groups():
    for seed in range(20):
        split = replicated([40, 35, 25, 20]).split(seed, 0.01, 0.01)
        assert sizes(split)[0] == 75
        assert sorted(sizes(split)[1:]) == [20, 25]


def test_minus_zero_and_zero_are_one_input():
    data = numbered([[zero, i] for i in range(30) for zero in (0.0, -0.0)])
    for part in parts(data.split()):
        assert np.array_equal(part.inputs[::2, 1], part.inputs[1::2, 1])


def test_the_parts_keep_the_names():
    data = Dataset(np.eye(5), np.arange(5), tuple("abcde"), ("duty",))
    for part in parts(data.split()):
        assert (part.input_names, part.output_names) == (data.input_names, ("duty",))


@pytest.mark.parametrize(
    ("inputs", "distinct"), [([[1.0]], 1), ([[1.0], [2.0]], 2), ([[1.0], [2.0]] * 50, 2)]
)
def test_too_few_distinct_inputs_are_refused_with_the_number_needed(inputs, distinct):
    message = f"{len(inputs)} rows with {distinct} distinct inputs; 3 parts need at least 3"
    with pytest.raises(InputError, match=message):
        numbered(inputs).split()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"validation": 0}, "validation = 0; give a fraction"),
        ({"validation": -0.1}, "validation = -0.1"),
        ({"test": 1}, "test = 1; give a fraction"),
        ({"test": 15}, "test = 15"),
        ({"test": float("nan")}, "test = nan"),
        ({"validation": 0.5, "test": 0.5}, "leave nothing to train on"),
        ({"seed": -1}, "the seed is -1; give 0 or more"),
    ],
)
def test_silly_arguments_are_refused(arguments, message):
    with pytest.raises(InputError, match=message):
        numbered(np.arange(30.0)[:, None]).split(**arguments)
