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
HERE = ("-c", "pyproject.toml", "--rootdir=.", "--confcutdir=.")  # whatever directory an option names
CHECKS = ("checks/requirements", "--ignore-glob=*/tests")
QUIET = ("-q", "--no-header", "--tb=no", "-rN")  # the report says it all; what crashed is kept with the evidence
JUDGED = (0, 1)  # of pytest: what its checks came to, the report says
OURS = ("stack", "tier", "requirements", "allow")  # options that name what is tested, how far, and what it may
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
def subjects(session: nox.Session) -> None:
    """Every check on projects of other shapes than ours, rebuilt small: all of them, or `-- SHAPE ...`."""
    _provide(session)
    _run(session, "checks.campaigns.subjects", *session.posargs)


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
    known, others = _options(session)
    by_files = known.tier == "declared"
    if not by_files:
        _provide(session)
    with tempfile.TemporaryDirectory() as aside:
        link = Path(aside) / "run"
        options = ["-m", marker, *QUIET, "--link", str(link), *_one_word_each(known), *others]
        options[:0] = () if by_files else PARALLEL
        try:
            _run(session, "pytest", *HERE, *CHECKS, *options, success_codes=JUDGED)
        finally:
            if link.exists():
                _run(session, "checks.report", str(link), *_one_word_each(known, "requirements"))


def _options(session: nox.Session) -> tuple[argparse.Namespace, list[str]]:
    """The options of ours that were given, as two words or one, and those for pytest."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    for name in OURS:
        parser.add_argument(f"--{name}", action="append" if name == "requirements" else "store")
    return parser.parse_known_args(session.posargs)


def _one_word_each(known: argparse.Namespace, *names: str) -> list[str]:
    """As `--stack=DIR`: of `--stack DIR` pytest would take DIR for tests to collect before it knows the option."""
    given = {name: getattr(known, name) for name in names or OURS}
    return [
        f"--{name}={value}"
        for name, values in given.items()
        for value in (values if isinstance(values, list) else [values])
        if value is not None
    ]


def _provide(session: nox.Session) -> None:
    """An engine without what killed runs left, and images here, where their progress is seen.

    Where they are not to be had, what needs them says so, and the rest is judged all the same.
    """
    whatever = range(256)
    _run(session, "invoke", "engine", success_codes=whatever)
    _run(session, "invoke", "sweep", success_codes=whatever)
    if _options(session)[0].stack is None:
        _run(session, "invoke", "images", success_codes=whatever)


def _run(session: nox.Session, *command: str, success_codes: Sequence[int] = (0,)) -> None:
    session.run(
        *PYTHON, *command, success_codes=success_codes,
        interrupt_timeout=TEARDOWN_SECONDS, terminate_timeout=TEARDOWN_SECONDS,
    )  # fmt: skip
