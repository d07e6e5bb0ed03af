"""The README runs: every command in it, and every Python example, as they stand."""

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", README, re.M | re.S)
COMMANDS = [
    line.split("  #")[0].strip()
    for language, text in BLOCKS
    if language == "console"
    for line in text.splitlines()
    if line.strip()
]
EXAMPLES = [text for language, text in BLOCKS if language == "python" and "def build" not in text]
OWN_PROBLEMS = [text for language, text in BLOCKS if language == "python" and "def build" in text]
# The set-up commands are what brought these tests to run; .ci/run takes the second from the README
# and runs it. Full studies are run by whoever publishes their tables; here they run as --quick.
SET_UP = ["pip install -e . && surrogate run", 'pip install -e ".[test]" && pytest']


def test_the_set_up_commands_are_the_first_two():
    assert COMMANDS[:2] == SET_UP


def test_ci_takes_the_test_command_from_the_readme():
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    line = next(line for line in script.splitlines() if line.startswith("test_command="))
    done = subprocess.run(
        ["bash", "-c", f'{line}\nprintf %s "$test_command"'],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == SET_UP[1]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with the published models, where the README's commands run one after another."""
    folder = tmp_path_factory.mktemp("readme")
    shutil.copytree(ROOT / "models", folder / "models")  # a copy: `compile` writes beside a net
    shutil.copytree(ROOT / "examples", folder / "examples")
    (toml,) = [text for language, text in BLOCKS if language == "toml"]
    (folder / "study.toml").write_text(toml, encoding="utf-8")
    return folder


@pytest.mark.parametrize("command", [c for c in COMMANDS if c not in SET_UP])
def test_a_command_of_the_readme_runs(command, folder):
    # commands about a full run are run on the quick one
    command = re.sub(r"(runs/[\w-]+)", r"\1-quick", command)
    if command.startswith("surrogate run examples/"):
        command += " --quick"
    words = shlex.split(command)
    assert words[0] == "surrogate"
    command = [sys.executable, "-m", *words]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout


@pytest.mark.parametrize("example", EXAMPLES)
def test_a_python_example_runs_and_prints_what_it_says(example, folder):
    assert len([line for line in example.splitlines() if line.strip()]) <= 16
    said = re.findall(r"# prints (.*)$", example, re.M)
    assert said
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", example],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines() == said


def test_the_problem_of_ones_own_is_the_example():
    assert [(ROOT / "examples" / "own_problem.py").read_text(encoding="utf-8")] == OWN_PROBLEMS
    assert len(OWN_PROBLEMS[0].splitlines()) <= 30


def test_pictures_and_pages_exist():
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        if not target.startswith("http"):
            assert (ROOT / target).exists(), target
