"""A new role is one folder and no other edit: found, described, named in a profile, asked where it runs, and needed.

The folder is made as the how-to in CONTRIBUTING says, in a copy of the project.
"""

import shutil
import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from checks.harness.tests.made_up import run, written
from checks.subject.tests.compose import needs_compose
from stack import ROOT

pytestmark = needs_compose
PARTS = ("checks", "stack", "service", "tasks.py", "pyproject.toml")
NOT_CODE = shutil.ignore_patterns("__pycache__", ".env", "data", "secrets", "backups", ".*_cache")
ROLE = {
    "__init__.py": "",
    "role.toml": """
        # Who is the memcached.
        title = "memcached"
        told = "The memcached that answers are kept in."
        without = "no service runs the image or the program of a memcached"
        speaks = "it tells its version as a memcached does"
        ports = [11211]
        images = ["memcached"]
        programs = ["memcached"]
    """,
    "speaks.py": '''
        """Whether a memcached answers somewhere."""

        import socket


        def speaks(address: str) -> bool:
            host, port = address.split(":")
            with socket.create_connection((host, int(port)), timeout=2.0) as wire:
                wire.sendall(b"version\\r\\n")
                return wire.recv(64).startswith(b"VERSION ")
    ''',
}
REQUIREMENT = {
    "__init__.py": "",
    "requirement.toml": """
        id = "R70"
        title = "Answers are kept in memory"
        wording = "A memcached of a stated size keeps the answers."
        why = "Without a size it keeps as many as it is given."
        needs = ["memcached"]

        [[rules]]
        name = "memory-stated"
        wording = "The memcached is told how much memory it has."
    """,
    "judge.py": '''
        """What is asked of the memcached."""

        from dataclasses import dataclass

        from checks.core.registry import judges
        from checks.core.verdict import Violation


        @dataclass(frozen=True, kw_only=True)
        class Command:
            service: str
            command: tuple[str, ...]


        @judges(Command)
        def command_violations(seen: Command) -> list[Violation]:
            if "-m" in seen.command:
                return []
            return [Violation("memory-stated", seen=seen.command, wanted="-m")]
    ''',
    "samples.py": '''
        """R70: observations that were made up."""

        from checks.requirements.r70_memory.judge import Command

        PASSING = (Command(service="kept", command=("-m", "64")),)
        FAILING = {"memory-stated": (Command(service="kept", command=("-v",)),)}
        VACUOUS = (Command(service="", command=()),)
    ''',
    "test_declared.py": '''
        """R70 by its files alone."""

        import pytest
        from checks.requirements.r70_memory.judge import Command, command_violations
        from checks.subject.roles import Role


        @pytest.mark.check
        def test_the_memory_is_stated(files, evidence):
            service = files.roles[Role("memcached")]
            seen = Command(service=service, command=tuple(files.services[service].get("command") or ()))
            assert command_violations(evidence.saw(seen)) == []
    ''',
}
PROJECT = """
services:
  web: { image: "shop/web:1.2", ports: ["127.0.0.1:8000:8000"] }
  kept: { image: "memcached:1.6", command: ["memcached", "-m", "64"] }
"""


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project with one folder more on each shelf."""
    copied: Path = tmp_path_factory.mktemp("copy")
    for part in PARTS:
        if (ROOT / part).is_dir():
            shutil.copytree(ROOT / part, copied / part, ignore=NOT_CODE)
        else:
            shutil.copy(ROOT / part, copied / part)
    written(copied / "checks" / "roles" / "memcached", ROLE)
    written(copied / "checks" / "requirements" / "r70_memory", REQUIREMENT)
    return copied


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "compose.yaml").write_text(PROJECT)
    return folder


def told(copy: Path, *command: str) -> str:
    """All that a command says in the copy."""
    done = run(*command, project=copy)
    return done.stdout + done.stderr


def described(copy: Path, project: Path) -> str:
    return told(copy, "-m", "invoke", "describe", "--stack", str(project))


def verdict(copy: Path, project: Path) -> str:
    """What the sentence at the end says, by the files alone."""
    folder = project.parent / "evidence"
    selected = ("-p", "no:cacheprovider", "--ignore-glob=*/tests", "-m", "check", "-k", "memory", "--tier", "declared")
    options = (*selected, "--evidence", str(folder), "--stack", str(project))
    return told(copy, "-m", "pytest", "checks/requirements", *options)


@contextmanager
def answering(said: bytes) -> Iterator[str]:
    """A server that says one thing to one client."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:

        def answer() -> None:
            with closing(server.accept()[0]) as client:
                client.recv(64)
                client.sendall(said)

        threading.Thread(target=answer, daemon=True).start()
        yield f"127.0.0.1:{server.getsockname()[1]}"


def test_it_is_found_by_its_table_and_described(copy: Path, project: Path) -> None:
    said = described(copy, project)
    assert "memcached   kept            it runs memcached" in said
    assert "api         web" in said


def test_a_profile_names_it_or_leaves_it_out(copy: Path, project: Path) -> None:
    (project / "compliance.toml").write_text('[roles]\nmemcached = "web"\n')
    assert "memcached   web             compliance.toml says so" in described(copy, project)
    (project / "compliance.toml").write_text('[roles]\nmemcache = "web"\n')
    assert "unknown key `roles.memcache`; did you mean `roles.memcached`?" in described(copy, project)


def test_a_requirement_asks_for_it(copy: Path, project: Path) -> None:
    assert "verdict: proven (R70)" in verdict(copy, project)
    (project / "compose.yaml").write_text(PROJECT.replace('"-m", "64"', '"-v"'))
    assert "verdict: violated (R70)" in verdict(copy, project)
    (project / "compose.yaml").write_text(PROJECT.replace("memcached", "shop/jobs"))
    assert "verdict: not applicable (R70)" in verdict(copy, project)


@pytest.mark.parametrize(("said", "speaks"), [(b"VERSION 1.6.38\r\n", True), (b"+PONG\r\n", False)])
def test_where_it_runs_it_is_asked(copy: Path, said: bytes, speaks: bool) -> None:
    asking = "import sys; from checks.roles.answers import speaks_as; from checks.subject.roles import Role; "
    with answering(said) as address:
        said_of_it = told(copy, "-c", asking + "print(speaks_as(Role('memcached'))(sys.argv[1]))", address)
    assert said_of_it == f"{speaks}\n"
