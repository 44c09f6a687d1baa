"""What `docker inspect` knows of a container that is not well is told, else the last line of its log."""

from typing import Any

import pytest

from stack.driver import diagnosis, docker
from stack.driver.diagnosis import Diagnosis, diagnose, root_of

RUNTIME = "OCI runtime exec failed: exec failed: unable to start container process: "
NOT_FOUND = f'{RUNTIME}exec: "curl": not found: unknown'


def inspected(policy: str = "no", number: str = "1", **state: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    labels = {diagnosis.SERVICE: "web", diagnosis.NUMBER: number}
    told = {"Status": "running", "ExitCode": 0, "Error": "", **state}
    return {"Id": "1", "Config": {"Labels": labels}, "State": told, "HostConfig": {"RestartPolicy": {"Name": policy}}}


def health(status: str, *probes: tuple[int, str], streak: int = 3) -> dict[str, Any]:
    return {"Status": status, "FailingStreak": streak, "Log": [{"ExitCode": c, "Output": o} for c, o in probes]}


@pytest.fixture(autouse=True)
def log(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(docker, "ask_all", lambda *_: "starting\nbad directive\n")


@pytest.mark.parametrize(
    "well",
    [
        inspected(),
        inspected(Health=health("healthy")),
        inspected(Status="exited"),
        inspected(Status="exited", policy="on-failure"),
    ],
)
def test_what_is_well_or_has_ended_well_is_not_told(well: dict[str, Any]) -> None:
    assert diagnose(well) is None


@pytest.mark.parametrize(
    ("state", "why"),
    [
        ({"Status": "exited", "ExitCode": 1}, "it exited (exit code 1): bad directive"),
        (
            {"Status": "exited", "ExitCode": 137, "OOMKilled": True},
            "it exited (exit code 137, out of memory): bad directive",
        ),
        ({"Status": "exited", "policy": "always"}, "it exited (exit code 0): bad directive"),
        ({"Status": "restarting", "ExitCode": 2}, "it is restarting (exit code 2): bad directive"),
        ({"Status": "created", "ExitCode": 127, "Error": NOT_FOUND}, 'it never ran: exec: "curl": not found'),
        (
            {"Health": health("unhealthy", (0, "fine"), (1, "refused\n"))},
            "it never got healthy: its health check said last: refused (exit code 1)",
        ),
        ({"Health": health("starting")}, "it never got healthy: bad directive"),
        (
            {"Health": health("unhealthy", (-1, NOT_FOUND))},
            'its health check cannot pass: exec: "curl": not found (exit code -1)',
        ),
        (
            {"Health": health("unhealthy", (127, "/bin/sh: 1: wget: not found"))},
            "its health check cannot pass: /bin/sh: 1: wget: not found (exit code 127)",
        ),
    ],
)
def test_what_is_known_is_told(state: dict[str, Any], why: str) -> None:
    found = diagnose(inspected(**state))
    assert found
    assert found.why == why


@pytest.mark.parametrize(
    "probed",
    [health("starting", (127, "curl: not found"), streak=0), health("unhealthy", (1, "404 page not found"))],
)
def test_a_health_check_that_may_pass_yet_is_not_given_up(probed: dict[str, Any]) -> None:
    found = diagnose(inspected(Health=probed))
    assert found
    assert not found.hopeless


def test_replicas_are_told_apart() -> None:
    found = diagnose(inspected(number="2", Health=health("unhealthy", (1, "no"))))
    assert found
    assert str(found) == "web (2): running, unhealthy: its health check said last: no (exit code 1)"


def test_the_root_is_what_depends_on_nothing_that_is_ill() -> None:
    ill = [Diagnosis(service=name, replica=1, state="created", words="") for name in ("api", "redis", "worker")]
    assert root_of(ill, {"api": ["redis"], "worker": ["api"]}) == ill[1]
    assert root_of(ill[:1], {"api": ["redis"]}) == ill[0]
    assert root_of([], {}) is None


AS_DEBIAN_12_SAYS_IT = """\
unknown flag: --short
See 'docker --help'.

Usage:  docker [OPTIONS] COMMAND

A self-sufficient runtime for containers
"""
AS_28_SAYS_IT = "unknown flag: --short\n\nUsage:  docker [OPTIONS] COMMAND [ARG...]\n\nRun 'docker --help'\n"


@pytest.mark.parametrize("said", [AS_DEBIAN_12_SAYS_IT, AS_28_SAYS_IT, "docker: 'compose' is not a docker command."])
def test_a_docker_without_compose_is_told_in_a_sentence(said: str) -> None:
    problem = docker.from_words(said, "answer `docker compose`")
    assert problem.sentence.startswith("Docker Compose is missing")
    assert "Debian 13" in problem.hint
