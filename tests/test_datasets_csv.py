import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import surrogate as sg
from surrogate.datasets import Dataset
from surrogate.errors import InputError


@pytest.fixture
def csv(tmp_path):
    """Write a text or bytes to a file; returns its path."""

    def write(content):
        path = tmp_path / "plant.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


PLANT = "Steam Flow,ratio , duty\n 0.5 , 1 , 1e3\n 0.25,2, -7 \n1,4,+.5\n"


def test_the_named_columns_become_arrays_in_the_order_they_are_named(csv):
    data = sg.Dataset.from_csv(csv(PLANT), outputs=["duty"], inputs=["ratio", "Steam Flow"])
    assert data.inputs.tolist() == [[1, 0.5], [2, 0.25], [4, 1]]
    assert data.outputs.tolist() == [[1e3], [-7], [0.5]]
    assert (data.input_names, data.output_names) == (("ratio", "Steam Flow"), ("duty",))


def test_every_other_column_is_an_input_when_none_is_named(csv):
    data = Dataset.from_csv(str(csv(PLANT)), "ratio")
    assert (data.input_names, data.output_names) == (("Steam Flow", "duty"), ("ratio",))
    assert data.inputs.tolist() == [[0.5, 1e3], [0.25, -7], [1, 0.5]]
    assert Dataset.from_csv(csv(PLANT), ["ratio", "duty"]).input_names == ("Steam Flow",)
    assert Dataset.from_csv(csv(PLANT), "duty", "ratio").input_names == ("ratio",)


@pytest.mark.parametrize(
    "content",
    [
        PLANT.replace(",", ";"),
        PLANT.replace(",", "\t"),
        PLANT.replace("\n", "\r\n"),
        PLANT.rstrip(),
        "\ufeff" + PLANT,
        "\n \n" + PLANT.replace("\n", "\n\n") + "\n\n",
        "".join(line + ",,\n" for line in [*PLANT.splitlines(), ",,"]),
        PLANT.replace("Steam Flow", '"Steam Flow"').replace("0.25", '"0.25"'),
    ],
    ids=["semicolons", "tabs", "Windows", "no end", "byte-order mark", "blank", "empty", "quotes"],
)
def test_dialects_are_read_as_the_same_data(csv, content):
    plain, data = (Dataset.from_csv(csv(text), "duty") for text in (PLANT, content))
    assert np.array_equal(data.inputs, plain.inputs)
    assert np.array_equal(data.outputs, plain.outputs)
    assert data.input_names == plain.input_names == ("Steam Flow", "ratio")


@pytest.mark.parametrize(
    "content",
    [
        '"a, kg/h","n","b\nc",y\n1,5,0,2\n2,7,0,3\n',
        "a, kg/h;n;o, p, q, r, s, t, u, v;y\n1;5;0;2\n2;7;0;3\n",
        "a, kg/h\tn\ty\n1\t5\t2\n2\t7\t3\n",
        '"a, kg/h";n;y;"tag"\n1;5;2;"k, l, m, n, o"\n2;7;3;\n',
        '"a, kg/h";n;y;"p, q, r, s"\n1;5;2;"k, l, m, n, o"\n2;7;3;\n',
    ],
    ids=["in quotes", "semicolons", "tabs", "in quoted cells", "in all quotes"],
)
def test_separators_inside_names_and_texts_are_no_separators(csv, content):
    data = Dataset.from_csv(csv(content), "y", ["a, kg/h", "n"])
    assert data.outputs.tolist() == [[2], [3]]
    assert data.inputs.tolist() == [[1, 5], [2, 7]]


def test_a_number_is_the_nearest_float(csv):
    texts = ["0.19389787199999997", "1.1969527942193327e-20", "9806.732716102517", "5e-324"]
    rows = "".join(f"{i},{text}\n" for i, text in enumerate(texts))
    data = Dataset.from_csv(csv("x,y\n" + rows), "y")
    assert data.outputs[:, 0].tolist() == [float(text) for text in texts]


def test_columns_that_are_not_used_may_hold_anything(csv):
    content = ',tag,,x,y,same\n1,"a,\nb",8,1,2,3\n2,,8,2,4,3\n'
    data = Dataset.from_csv(csv(content), "y", ["x"])
    assert (data.inputs.tolist(), data.outputs.tolist()) == ([[1], [2]], [[2], [4]])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "the file is empty"),
        (" \n\n", "the file is empty"),
        ("\ufeff\n", "the file is empty"),
        ('""\n', "rows of data under the header: 0"),
        ("x,y\n", "rows of data under the header: 0; give at least 2"),
        ("x,y\n1,2\n,\n", "rows of data under the header: 1; give at least 2"),
        ("x, y,x \n1,2,3\n4,5,6\n", "two columns are named 'x'; rename"),
        ("x y\n1 2\n3 4\n", r"'y' is unknown; the columns are 'x y' \(there is only this one"),
        ("y\n1\n3\n", r"every column is an output \(there is only this one"),
        (",x,y\n0,1,2\n1,3,4\n", "column 1 has no name, so it may be a row number; name it"),
        ("x,y\n1,2\n3,4,5\n", r"no table \(Expected 2 fields in line 3, saw 3\); give every"),
        ("x,y\n1,2,\n3,4,\n", r"no table \(Expected 2 fields in line 2, saw 3\)"),
        ("made by hand\nx,y\n1,2\n3,4\n", r"no table \(Expected 1 fields in line 2, saw 2\)"),
        ('x,y\n1,2\n3,"4\n', r"no table \(EOF inside string"),
        (b"x,y\n1,2\n\xe9,4\n", "no UTF-8 text; save it as CSV in UTF-8"),
        ("x,y\n1,2\n3,4\n".encode("utf-16"), "no UTF-8 text"),
        ("x,y\n1,2\n3\n5,6\n", r"'y' has no value on line 3 \(1 of its 3 values are missing\)"),
        ("\nx,y\n\n1,2\nNaN,4\n5,6\n N/A ,8\n", r"'x' has no value on line 5 \(2 of its 4"),
        ("x,y\n1,2\n,4\n5,6\n", "'x' has no value on line 3 .* remove these rows or fill them"),
        ("x,y\n1,2\n3,4 kg\n", "'y' holds the text '4 kg' on line 3; write numbers like"),
        ("x, m;y\n1,5;2\n3,5;4\n", "'x, m' holds the text '1,5' on line 2"),
        ("x;y\n1;2\n3;4,5\n", "'y' holds the text '4,5' on line 3"),
        ("x,y\n,2\n1_000,3\n", "'x' holds the text '1_000' on line 3"),
        ("x,y\nTrue,2\nFalse,3\n", "'x' holds the text 'True' on line 2"),
        ('x,y\n1,"?\n\n"\n3,4\n', r"'y' holds the text '\?' on line 2"),
        ('x,y\n"1\n\n",2\n3,?\n', r"'y' holds the text '\?' on line 5"),
        ("x,y\n1,2\n-inf,4\n1e999,5\n", r"'x' holds '-inf', which is infinite, on line 3 \(2 of"),
        ("a,x,b,y\n1,1,2,1\n1,2,2,2\n", "input column 'a', 'b' has one value in all 2 rows"),
        ("x,y\n1,2\n2,2.0\n3,2\n", "output column 'y' has one value .* needs no network; list"),
    ],
)
def test_an_unusable_file_is_refused_with_the_place_and_its_name(csv, content, message):
    path = csv(content)
    with pytest.raises(InputError, match=message) as caught:
        Dataset.from_csv(path, "y")
    assert str(caught.value).startswith(f"{str(path)!r}: ")


@pytest.mark.parametrize(
    ("outputs", "inputs", "message"),
    [
        ("heat", None, "column 'heat' is unknown; the columns are 'Steam Flow', 'ratio', 'duty'$"),
        ("duty", ["ratio", "heat"], "column 'heat' is unknown"),
        (["duty", "ratio"], ["ratio"], "column 'ratio' is both input and output; choose one"),
        ([], None, "no column is named in outputs"),
        ("duty", [], "no column is named in inputs"),
        (["duty", "duty"], None, "outputs names the column 'duty' twice"),
        ("duty", ["ratio", "ratio"], "inputs names the column 'ratio' twice"),
        (["duty", "ratio", "Steam Flow"], None, "every column is an output; leave at least one"),
        ("", None, "column '' is unknown"),
    ],
)
def test_columns_that_do_not_fit_the_file_are_refused_by_name(csv, outputs, inputs, message):
    with pytest.raises(InputError, match=message):
        Dataset.from_csv(csv(PLANT), outputs, inputs)


def test_a_column_without_a_name_cannot_be_named(csv):
    with pytest.raises(InputError, match=r"column '' is unknown; the columns are 'x', 'y'$"):
        Dataset.from_csv(csv(",x,y\n1,2,3\n2,3,4\n"), "y", [""])


def test_paths_that_are_no_files_are_refused(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path, message in [
        (tmp_path / "absent.csv", "absent.csv': the file does not exist; check the path"),
        (tmp_path, "is no regular file"),
        (tmp_path / "pipe", "is no regular file"),
        ("a\0b", "cannot be read"),
        (tmp_path / ("n" * 300), "cannot be read .*name too long.*; check path and permissions"),
    ]:
        with pytest.raises(InputError, match=f"(?i){message}"):
            Dataset.from_csv(path, "y")


_CELLS = st.sampled_from(["1", "2.5", " 3 ", "x", "y", "", "inf", "nan", '"', "'", "\0", "-", "é"])
_MARKS = st.sampled_from([",", ";", "\t", "\n", "\r", "\r\n", " "])


@given(st.lists(st.tuples(_CELLS, _MARKS), max_size=30), st.booleans())
def test_no_text_whatever_gets_past_the_refusals(tmp_path_factory, pieces, header):
    path = tmp_path_factory.getbasetemp() / "anything.csv"
    text = ("x,y\n" if header else "") + "".join(cell + mark for cell, mark in pieces)
    path.write_bytes(text.encode())
    try:
        data = Dataset.from_csv(path, "y")
    except InputError:
        return
    assert "y" not in data.input_names
    assert len(data) >= 2
    assert np.ptp(data.inputs, axis=0).all()


def test_only_a_csv_file_costs_the_import_of_pandas():
    code = (
        "import sys, numpy, surrogate as sg; from surrogate.functions import FUNCTIONS; "
        "sg.Dataset.sample(FUNCTIONS['friedman'], 9, numpy.random.default_rng(0)).split(); "
        "print(sorted({'pandas', 'scipy.stats', 'torch'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("first", "shown"),
    [
        ("0.5,1,2", "0.5, 1, 2"),
        ("1,1,-3e2", "1, 1, -3e2"),
        ("2,0,1", "2, 0, 1"),
        (",1.5,2", "1.5, 2"),
    ],
)
def test_a_first_line_of_data_is_not_lost_as_a_header(csv, first, shown):
    with pytest.raises(InputError) as caught:
        Dataset.from_csv(csv(first + "\n1,2,3\n4,5,7\n"), "2")
    assert str(caught.value).endswith(
        f"the first line holds only numbers ({shown}), so it is data and no header; "
        "put a line with the names of the columns above it"
    )


@pytest.mark.parametrize("first", ["0,1,2", "400,500,y", "1,2,nan"])
def test_numbers_may_be_names(csv, first):
    """As pandas writes them, or beside a name that is a text."""
    *inputs, output = first.split(",")
    data = Dataset.from_csv(csv(first + "\n1,2,3\n4,5,7\n"), output)
    assert data.input_names == tuple(inputs)
    assert data.outputs.tolist() == [[3.0], [7.0]]
