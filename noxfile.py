"""What the project runs on itself and on stacks: `nox -l`.

Sessions run in the environment that runs nox: the one that `.ci/setup` makes from the lock file.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import nox

nox.options.default_venv_backend = "none"
nox.options.sessions = ["lint", "types", "offline", "page", "compliance", "mutations"]

PYTHON = (sys.executable, "-m")
PARALLEL = ("-n", "3", "--maxschedchunk", "1")  # more than cores: most of the time is waiting; the longest begin first
UNIT_TESTS = sorted(str(folder) for folder in Path().glob("[!.]*/**/tests"))  # beside what they test
BENCHES = ("startup", "throughput", "healers", "service")  # modules of checks.campaigns.bench
BY_NAME_ONLY = ("busy-healing",)  # the same, and a quarter of an hour in which nothing else gets a core
TEARDOWN_SECONDS = 60  # for what is interrupted to tidy up; nox's own patience is half a second


@nox.session
def compliance(session: nox.Session) -> None:
    """Prove the requirements on a stack: this one, or `-- --stack DIR`; any pytest option."""
    _prove(session, "check")


@nox.session
def mutations(session: nox.Session) -> None:
    """Mutate the stack, one thing at a time, and see that the rule concerned objects, and no other."""
    _prove(session, "mutation")


@nox.session
def offline(session: nox.Session) -> None:
    """Test what needs no Docker."""
    session.run(*PYTHON, "pytest", "-n", "2", *UNIT_TESTS, *session.posargs)


@nox.session
def page(session: nox.Session) -> None:
    """Open the report in a real browser: Chromium, from Debian's packages where it is not here."""
    _run(session, "checks.report.tests.browser.chromium")
    _run(session, "pytest", "checks/report/tests/browser", *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """Ruff's lint and format, and which way imports go."""
    session.run(*PYTHON, "ruff", "check", ".")
    session.run(*PYTHON, "ruff", "format", "--check", ".")
    session.run(str(Path(sys.executable).with_name("lint-imports")))


@nox.session
def types(session: nox.Session) -> None:
    """mypy, strict."""
    session.run(*PYTHON, "mypy")


@nox.session
def bench(session: nox.Session) -> None:
    """As ratios: all, or one with options of its own: `-- NAME [OPTIONS]`; busy-healing runs only where it is named."""
    named, options = session.posargs[:1], session.posargs[1:]
    if unknown := set(named).difference(BENCHES + BY_NAME_ONLY):
        session.error(f"there is no benchmark `{unknown.pop()}`: {', '.join(BENCHES + BY_NAME_ONLY)}")
    for measured in named or BENCHES:
        _run(session, f"checks.campaigns.bench.{measured.replace('-', '_')}", *options)


@nox.session
def healing(session: nox.Session) -> None:
    """Every fault on every service, and the seconds to healthy again: `-- --times N`, `--faults A,B`, `--stack DIR`."""
    _provide(session)
    _run(session, "checks.campaigns.fault_matrix", *session.posargs)


@nox.session
def soak(session: nox.Session) -> None:
    """Power cuts and kills, or faults, many times over: `-- --cuts N --kills N`, `--faults N`, or `--resume DIR`."""
    _provide(session)
    _run(session, "checks.campaigns.soak", *session.posargs)


def _prove(session: nox.Session, marker: str) -> None:
    """The report runs whatever came of pytest, on the folder of this run and no other that goes on beside it."""
    _provide(session)
    with tempfile.TemporaryDirectory() as aside:
        link = Path(aside) / "run"
        options = ("-m", marker, *PARALLEL, "--link", str(link), *session.posargs)
        try:
            _run(session, "pytest", "checks/requirements", "--ignore-glob=*/tests", *options)
        finally:
            if link.exists():
                _run(session, "checks.report", str(link), *_shelves(session.posargs))


def _shelves(options: Sequence[str]) -> list[str]:
    """`--requirements DIR` as it was given, for the report to know the same requirements as the run."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--requirements", action="append", default=[])
    return [f"--requirements={shelf}" for shelf in parser.parse_known_args(options)[0].requirements]


def _provide(session: nox.Session) -> None:
    """An engine without what killed runs left, and images here, where their progress is seen."""
    _run(session, "invoke", "engine")
    _run(session, "invoke", "sweep")
    if not any(option.startswith("--stack") for option in session.posargs):
        _run(session, "invoke", "images")


def _run(session: nox.Session, *command: str) -> None:
    session.run(*PYTHON, *command, interrupt_timeout=TEARDOWN_SECONDS, terminate_timeout=TEARDOWN_SECONDS)
