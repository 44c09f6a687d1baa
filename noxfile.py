"""What the project runs on itself and on stacks: `nox -l`.

Sessions run in the environment that runs nox: the one that `.ci/setup` makes from the lock file.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import FrameType

import nox

nox.options.default_venv_backend = "none"
# `offline` comes after what provides an engine: some of its tests ask the Compose plugin, where it is there.
CI_FILES = {
    "github-workflows": (".github/workflows/compliance.yml",),
    "github-actions": (".github/actions/compliance/action.yml",),
    "gitlab-ci": (".gitlab-ci.yml", ".gitlab/compliance.yml"),
}
nox.options.sessions = ["lint", "types", "page", "validators", "compliance", "offline", "mutations"]

PYTHON = (sys.executable, "-m")
UNIT_TESTS = sorted(str(folder) for folder in Path().glob("[!.]*/**/tests"))  # beside what they test
BENCHES = ("startup", "throughput", "healers", "service", "copies")  # modules of checks.campaigns.bench
BY_NAME_ONLY = (
    "busy",
    "busy-healing",
    "gate",
    "programs",
    "report",
)  # a quarter of an hour and more; or of a run that is there
TEARDOWN_SECONDS = 150  # for what is interrupted to tidy up, and to be judged; nox's own patience is half a second
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
ALONE = ("setsid",)  # out of the terminal's reach: what is interrupted hears of it once, and from here


def _interrupted(number: int, frame: FrameType | None) -> None:
    """Tell whoever is at work, once, whoever told us; then let nox wait for its teardown, and go on with nothing."""
    del number, frame
    for one in ENDING:
        signal.signal(one, lambda *_: None)
    for child in Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text().split():
        with suppress(ProcessLookupError):  # it has just ended
            leads = os.getpgid(int(child)) == int(child)
            os.killpg(int(child), signal.SIGINT) if leads else os.kill(int(child), signal.SIGINT)
    raise KeyboardInterrupt


for _each in ENDING:
    signal.signal(_each, _interrupted)


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


@nox.session(venv_backend="venv")
def validators(session: nox.Session) -> None:
    """Hold OSCAL, in-toto and CI files against libraries and schemas of others, in an environment of their own."""
    tests = "checks/report/tests/validators"
    session.install("--quiet", "--require-hashes", "-r", f"{tests}/requirements.lock")
    with tempfile.TemporaryDirectory() as folder:
        session.run(*PYTHON, "checks.report.tests.validators.samples", folder, external=True)
        session.run("python", f"{tests}/accept.py", folder)
    for schema, files in CI_FILES.items():
        session.run("check-jsonschema", "--builtin-schema", f"vendor.{schema}", *files)


@nox.session
def wheel(session: nox.Session) -> None:
    """Build the package, install it in a fresh environment, and judge a stranger's project with it; tells the times."""
    _run(session, "pytest", "checks/command/tests/wheel", *session.posargs)


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
    """As ratios: all, or one with its options: `-- NAME [OPTIONS]`; some run only where they are named."""
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
    _run(session, "checks.campaigns.subjects.remedied", *(word for word in session.posargs if word[0] != "-"))


@nox.session
def healing(session: nox.Session) -> None:
    """Every fault on every service, and the seconds to healthy again: `-- --times N`, `--faults A,B`, `--stack DIR`."""
    _provide(session)
    _run(session, "checks.campaigns.fault_matrix", *session.posargs)


@nox.session
def cluster(session: nox.Session) -> None:
    """The stack on a swarm of three engines in containers: nodes that die, updates under load; `-- --proofs A,B`."""
    _provide(session)
    _run(session, "checks.campaigns.cluster", *session.posargs)


@nox.session
def soak(session: nox.Session) -> None:
    """Power cuts and kills, or faults, many times over: `-- --cuts N --kills N`, `--faults N`, or `--resume DIR`."""
    _provide(session)
    _run(session, "checks.campaigns.soak", *session.posargs)


def _prove(session: nox.Session, marker: str) -> None:
    """Files alone need no engine. The report runs whatever came of the checks."""
    if _said(session).tier != "declared":
        _provide(session)
    _run(session, "checks.command.check", marker, *session.posargs)


def _said(session: nox.Session) -> argparse.Namespace:
    """What is tested, and how far."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--stack")
    parser.add_argument("--tier")
    return parser.parse_known_args(session.posargs)[0]


def _provide(session: nox.Session) -> None:
    """An engine without what killed runs left, and images here, where their progress is seen.

    Where they are not to be had, what needs them says so, and the rest is judged all the same.
    """
    whatever = range(256)
    _run(session, "invoke", "engine", success_codes=whatever)
    _run(session, "invoke", "sweep", success_codes=whatever)
    if _said(session).stack is None:
        _run(session, "invoke", "images", success_codes=whatever)


def _run(session: nox.Session, *command: str, success_codes: Sequence[int] = (0,)) -> None:
    """Nothing comes after what was interrupted, even where that ended well all the same."""
    already = _is_ending()
    session.run(
        *ALONE, *PYTHON, *command, success_codes=success_codes,
        interrupt_timeout=TEARDOWN_SECONDS, terminate_timeout=TEARDOWN_SECONDS,
    )  # fmt: skip
    if _is_ending() and not already:
        raise KeyboardInterrupt


def _is_ending() -> bool:
    return signal.getsignal(signal.SIGINT) is not _interrupted
