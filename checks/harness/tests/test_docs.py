"""The README and the gate say the same."""

import re

from stack import ROOT

README = (ROOT / "README.md").read_text()
TEST_COMMAND = ".ci/setup && .venv/bin/nox"


def test_the_gate_runs_the_readmes_test_command() -> None:
    assert TEST_COMMAND in re.findall(r"^(\.ci/setup && .*?) +#", README, re.MULTILINE)
    assert TEST_COMMAND in (ROOT / ".ci" / "run").read_text().splitlines()


def test_every_exit_code_is_documented() -> None:
    errors = (ROOT / "stack" / "driver" / "errors.py").read_text()
    codes = set(re.findall(r"exit_code = (\d+)", errors)) - {"1"}
    assert codes
    assert all(re.search(rf"· {code} \w", README) for code in codes)


def test_every_check_and_session_named_is_there() -> None:
    noxfile = (ROOT / "noxfile.py").read_text()
    named = {word for line in re.findall(r"`nox -s ([a-z ]+)", README) for word in line.split()}
    assert named >= {"compliance", "mutations", "offline", "lint", "types", "bench"}
    assert all(f"def {name}(" in noxfile for name in named)
