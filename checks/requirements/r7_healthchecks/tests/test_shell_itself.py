"""What is said of a script holds when a shell runs it: scripts are made up, and `sh` and `bash` have the last word."""

import os
import shutil
import stat
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from checks.requirements.r7_healthchecks.shell.interpreter import NEVER, ends_of
from checks.requirements.r7_healthchecks.shell.state import NotFollowedError, Situation

# Clients as they were seen to behave with a service that is down, and with one that answers with an error
CLIENT = r"""#!/bin/sh
case "$(basename "$0") $SITUATION $*" in
"curl down "*) exit 7 ;;
"curl error -f"*) exit 22 ;;
"curl error "*) echo '{"status": "failure"}' ;;
"wget down "*) exit 4 ;;
"wget error "*) exit 8 ;;
"redis-cli down "*) echo 'Could not connect to Redis' >&2; exit 1 ;;
"redis-cli error -e "*) echo 'NOAUTH Authentication required.' >&2; exit 1 ;;
"redis-cli error "*) echo 'NOAUTH Authentication required.' ;;
esac
"""
Shell = Literal["sh", "bash"]
SECONDS = 10

simple = st.sampled_from(
    [
        "true", "false", ":", "echo ok", "exit", "exit 0", "exit 1", "exit $?", "curl -f x", "curl -s x", "wget x",
        "redis-cli ping", "redis-cli -e ping", "[ -n x ]", '[ "" ]', "test $? -eq 0", "set -e", "set +e", "rc=$?",
        "exit ${rc:-0}", 'x="$(curl -f x)"', 'x="$(curl -s x)"', '[ "$x" ]', 'echo "$(wget x)"', "return 1", "check",
        "[ 1 -lt 2 ]", "i=$((i+1))", "[ $i -gt 1 ]", "break", "continue", ": >/dev/null", "trap 'exit 0' EXIT",
        "export y=$(false)", "eval 'false || true'", "cat </dev/null", "sh -c 'curl -f x; true'",
        "sh -ec 'false; true'",
        "echo ok | grep -q ok", "case $rc in 0) true;; *) false;; esac", "wait",
    ]
)  # fmt: skip


def _nested(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    pairs = st.tuples(inner, inner)
    return st.one_of(
        pairs.map(lambda two: f"{two[0]} && {two[1]}"),
        pairs.map(lambda two: f"{two[0]} || {two[1]}"),
        pairs.map(lambda two: f"{two[0]}\n{two[1]}"),
        pairs.map(lambda two: f"{{ {two[0]}\n}} | {{ {two[1]}\n}}"),
        pairs.map(lambda two: f"if {two[0]}\nthen {two[1]}\nfi"),
        st.tuples(inner, inner, inner).map(lambda all_: f"if {all_[0]}\nthen {all_[1]}\nelse {all_[2]}\nfi"),
        inner.map(lambda one: f"( {one}\n)"),
        inner.map(lambda one: f"{{ {one}\n}}"),
        inner.map(lambda one: f"! ( {one}\n)"),
        inner.map(lambda one: f"for i in 1 2 3\ndo {one}\ndone"),
        inner.map(lambda one: f"i=0\nwhile [ $i -lt 2 ]\ndo i=$((i+1))\n{one}\ndone"),
        inner.map(lambda one: f"check() {{ {one}\n}}\ncheck"),
        inner.map(lambda one: f"{{ {one}\n}} >/dev/null 2>&1"),
        inner.map(lambda one: f"{{ {one}\n}} | cat"),
        inner.map(lambda one: f"( {one}\n) &"),
    )


scripts = st.recursive(simple, _nested, max_leaves=6)


@pytest.fixture(scope="session")
def clients(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clients")
    for name in ("curl", "wget", "redis-cli"):
        (folder / name).write_text(CLIENT)
        (folder / name).chmod(stat.S_IRWXU)
    return folder


def status_of(shell: Shell, script: str, environment: Mapping[str, str]) -> str:
    try:
        done = subprocess.run(
            [shell, "-c", script],
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=SECONDS,
        )
    except subprocess.TimeoutExpired:
        return NEVER
    return str(done.returncode)


def is_foreseen(status: str, ends: set[object]) -> bool:
    """Whether a status is among the ends; those that are not numbers stand for every failure."""
    return status in ends or (status != "0" and any(not isinstance(end, str) for end in ends))


@pytest.mark.parametrize("shell", get_args(Shell))
@pytest.mark.parametrize("situation", get_args(Situation))
@settings(derandomize=True, max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(script=scripts)
def test_a_shell_ends_as_was_foreseen(script: str, situation: Situation, shell: Shell, clients: Path) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not here")
    try:
        ends = ends_of([shell, "-c", script], situation)
    except NotFollowedError:
        return
    environment = {"PATH": f"{clients}:{os.environ['PATH']}", "SITUATION": situation}
    assert is_foreseen(status_of(shell, script, environment), set(ends)), ends
