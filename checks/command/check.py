"""Run checks or mutations on a stack, then judge and report: `python -m checks.command.check MARKER [OPTIONS]`.

It is what `nox -s compliance` and `compose-compliance check` do. MARKER is `check` or `mutation`; options that are not
named here are pytest's.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from checks.core.cli import UNUSABLE, Parser, UnusableError
from checks.core.runner import SWARM
from checks.core.verdict import Verdict
from checks.harness.turns import PARALLEL
from checks.report.__main__ import EXIT_CODES
from checks.report.__main__ import main as report
from stack import ROOT

HERE = ("-c", "pyproject.toml", "--rootdir=.", "--confcutdir=.")  # whatever directory an option names
LIVE = ("--live", "-o", "console_output_style=classic")  # which has no [ 50%] of pytest's own in between
ALONE = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}  # whatever else is installed: it could sort tests, or run them again
CHECKS = ("checks/requirements", "--ignore-glob=*/tests")
QUIET = ("-q", "--no-header", "--tb=no", "-rN")  # the report says it all; what crashed is kept with the evidence
JUDGED = (0, 1)  # of pytest: what its checks came to, the report says
PYTEST_INTERNAL, PYTEST_USAGE = 3, 4
INTERRUPTED = 130
UNDECIDED = EXIT_CODES[Verdict.UNDECIDED]
ONCE = (
    "stack",
    "tier",
    "runner",
    "allow",
    "evidence",
    "since",
)  # options of ours with a value; `requirements` may be given again
PATHS = ("stack", "evidence", "requirements")
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
TEARDOWN_SECONDS = 60  # for what is interrupted to tidy up
LOOK_SECONDS = 0.1


def main(arguments: list[str] | None = None) -> int:
    """Do what the command line says, and give the exit code."""
    given = sys.argv[1:] if arguments is None else arguments
    try:
        return proven(_marker(given[:1]), given[1:])
    except UnusableError as error:
        sys.stderr.write(f"error: {error}\nhint: `python -m checks.command.check check --stack DIR`\n")
        return UNUSABLE


def proven(marker: str, arguments: Sequence[str]) -> int:
    """Run what is marked so, and report on the folder of this run, whatever came of it; gives the exit code."""
    known, others = options_in(arguments)
    with tempfile.TemporaryDirectory() as aside:
        link = Path(aside) / "run"
        ended, heard = _waited_for([*command(marker, known, others), f"--link={link}"])
        told = report([str(link), *_one_word_each(known, "requirements")]) if link.exists() else None
    return INTERRUPTED if heard else exit_code(ended, told)


def _marker(words: Sequence[str]) -> str:
    if list(words) not in (["check"], ["mutation"]):
        raise UnusableError("the first word is to be `check` or `mutation`")
    return words[0]


def options_in(arguments: Sequence[str]) -> tuple[argparse.Namespace, list[str]]:
    """The options of ours, given as two words or one, with whole paths, and those for pytest."""
    parser = Parser(add_help=False, allow_abbrev=False)
    for name in ONCE:
        parser.add_argument(f"--{name}")
    parser.add_argument("--requirements", action="append", default=[])
    known, others = parser.parse_known_args(arguments)
    for name in PATHS:
        value = getattr(known, name)
        setattr(known, name, [_whole(one) for one in value] if isinstance(value, list) else value and _whole(value))
    return known, others


def command(marker: str, known: argparse.Namespace, others: Sequence[str]) -> list[str]:
    """What pytest is run with; files alone are read by one process, which is sooner there than three.

    Workers that change the nodes of one swarm would be in each other's way.
    """
    parallel = () if known.tier == "declared" or known.runner == SWARM else (*PARALLEL, *LIVE)
    options = ("-m", marker, *QUIET, *_one_word_each(known, *ONCE, "requirements"), *others)
    return [sys.executable, "-m", "pytest", "-p", "xdist.plugin", *HERE, *CHECKS, *parallel, *options]


def exit_code(ended: int, told: int | None) -> int:
    """Of pytest's exit code and the report's, if there is one: what a run that did not end as it should proves none."""
    if told is None:
        return {PYTEST_USAGE: UNUSABLE, PYTEST_INTERNAL: UNDECIDED}.get(ended, ended) or UNDECIDED
    return told if told or ended in JUDGED else UNDECIDED


def _whole(path: str) -> str:
    """Of several Compose files, which have `:` between, each."""
    return os.pathsep.join(str(Path.cwd() / one) for one in path.split(os.pathsep))


def _one_word_each(known: argparse.Namespace, *names: str) -> list[str]:
    """As `--stack=DIR`: of `--stack DIR` pytest would take DIR for tests to collect before it knows the option."""
    given = {name: getattr(known, name) for name in names}
    return [
        f"--{name}={value}"
        for name, values in given.items()
        for value in (values if isinstance(values, list) else [values])
        if value is not None
    ]


def _waited_for(words: Sequence[str]) -> tuple[int, list[int]]:
    """(exit code, the signals that came): it hears of them once, from here, and is given time to tidy up.

    It runs in a session of its own, where the terminal's Ctrl-C does not reach it a second time, and in the folder that
    holds our code, so that nothing lying in that of the caller is imported.
    """
    heard: list[int] = []
    for number in ENDING:
        signal.signal(number, lambda number, _: heard.append(number))
    with subprocess.Popen(words, cwd=ROOT, env=os.environ | ALONE, start_new_session=True) as running:
        while running.poll() is None and not heard:
            _look(running, LOOK_SECONDS)
        for ending in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
            if running.poll() is None:
                os.killpg(running.pid, ending)
                _look(running, TEARDOWN_SECONDS)
    return running.returncode, heard


def _look(running: subprocess.Popen[bytes], seconds: float) -> None:
    try:
        running.wait(seconds)
    except subprocess.TimeoutExpired:
        return


if __name__ == "__main__":
    try:
        code = main()
    except Exception:  # noqa: BLE001 - Python ends a traceback with 1, which here would say: violated
        sys.excepthook(*sys.exc_info())
        code = UNDECIDED
    sys.exit(code)
