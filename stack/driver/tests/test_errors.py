"""A problem is a sentence, what was seen, a hint and an exit code that scripts rely on."""

import pytest
from python_on_whales.exceptions import DockerException

from stack.driver import errors
from stack.driver.docker import from_docker
from stack.driver.errors import DiskFullError, EngineError, PortTakenError, StackError, last_lines

EXIT_CODES = {
    "StackError": 1,
    "NotHealthyError": 1,
    "BuildError": 1,
    "AwayError": 1,
    "NothingThereError": 1,
    "SubjectError": 3,
    "OutOfTimeError": 1,
    "EngineError": 4,
    "PackageError": 4,
    "ImageError": 5,
    "PortTakenError": 6,
    "DiskFullError": 7,
    "SecretsError": 8,
    "NotPrivilegedError": 1,
    "BackupError": 9,
}


def docker_said(stderr: str, stdout: str = "") -> DockerException:
    return DockerException(["docker", "compose", "up"], 1, stdout=stdout.encode(), stderr=stderr.encode())


def test_each_kind_of_problem_keeps_its_exit_code() -> None:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, StackError)]
    assert {kind.__name__: kind.exit_code for kind in kinds} == EXIT_CODES


def test_a_problem_is_told_line_by_line() -> None:
    told = str(StackError("redis was not healthy", details=("redis: exited", "api: created"), hint="`invoke logs`"))
    assert told == "error: redis was not healthy\n  redis: exited\n  api: created\nhint: `invoke logs`"


def test_a_problem_without_hint_ends_with_what_was_seen() -> None:
    assert str(StackError("it broke", details=("so",))) == "error: it broke\n  so"


@pytest.mark.parametrize(
    ("stderr", "kind", "told"),
    [
        ("write /var/lib/docker: no space left on device", DiskFullError, "no room left"),
        ("Error: No Space Left On Device", DiskFullError, "no room left"),
        ("Cannot connect to the Docker daemon at unix:///var/run/docker.sock.", EngineError, "went away"),
        ("error during connect: Get: EOF", EngineError, "went away"),
        ("Bind for 127.0.0.1:5000 failed: port is already allocated", PortTakenError, "port 5000 is taken"),
        ("listen tcp4 127.0.0.1:9090: bind: address already in use", PortTakenError, "port 9090 is taken"),
        (
            "Error starting userland proxy: listen tcp6 [::1]:80: bind: address already in use",
            PortTakenError,
            "port 80 is",
        ),
        ("failed to bind host port 127.0.0.1:81/tcp: address already in use", PortTakenError, "port 81 is taken"),
        ("no such image: redis:8.0", StackError, "no such image: redis:8.0"),
        ("", StackError, "Docker could not start it"),
    ],
)
def test_dockers_complaint_becomes_one_of_ours(stderr: str, kind: type[StackError], told: str) -> None:
    problem = from_docker(docker_said(stderr), "start it")
    assert type(problem) is kind
    assert told in str(problem)
    assert "Docker could not start it" in str(problem)


def test_a_complaint_on_stdout_counts_as_well() -> None:
    assert type(from_docker(docker_said("", "no space left on device"), "build it")) is DiskFullError


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("one\n\n  two  \n \nthree\n", ("two", "three")),
        ("one", ("one",)),
        ("\n \n", ()),
        ("", ()),
    ],
)
def test_the_last_lines_are_those_that_say_something(text: str, found: tuple[str, ...]) -> None:
    assert last_lines(text, 2) == found
