"""Whom the cases of R9 are about, and who is taken for a healer: by its socket, or through who holds that."""

import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from checks.core.verdict import NotApplicableError
from checks.requirements.r9_self_healing.observe.cases import CASES, EVERY_OTHER, HEALERS, healers, services_of
from checks.subject.profile import Subject
from checks.subject.roles import Role
from checks.subject.stack import Stack
from checks.subject.tests.resolved import resolved

APP: dict[str, Any] = {"web": {}, "store": {"image": "redis:8"}}


@pytest.fixture
def holds(tmp_path: Path) -> Iterator[dict[str, Any]]:
    """The volumes of who holds a socket of this machine."""
    with closing(socket.socket(socket.AF_UNIX)) as engine:
        engine.bind(str(tmp_path / "s"))
        yield {"volumes": [{"type": "bind", "source": str(tmp_path / "s"), "target": "/var/run/docker.sock"}]}


def found(folder: Path, **services: Any) -> tuple[str, ...]:  # noqa: ANN401 - as Compose has it
    return healers(stack_with(folder, **services))


def stack_with(folder: Path, **services: Any) -> Stack:  # noqa: ANN401 - as Compose has it
    subject = Subject(compose_file=folder / "compose.yaml", roles={Role.API: "web", Role.REDIS: "store"})
    return resolved(subject, folder, {"services": {**APP, **services}})


def volumes(*names: str) -> dict[str, Any]:
    return {"volumes": [{"type": "volume", "source": name, "target": f"/{name}"} for name in names]}


def test_who_holds_the_socket_is_a_healer(tmp_path: Path, holds: dict[str, Any]) -> None:
    assert found(tmp_path, healer=holds, other={}) == ("healer",)


def test_who_asks_through_a_filters_volume_is_one_too(tmp_path: Path, holds: dict[str, Any]) -> None:
    door = {"volumes": [*holds["volumes"], *volumes("door")["volumes"]]}
    told = found(tmp_path, healer=volumes("door", "notes"), filter=door, metrics=volumes("notes"))
    assert told == ("healer", "filter")


def test_who_asks_a_well_known_proxy_by_name_is_one(tmp_path: Path, holds: dict[str, Any]) -> None:
    proxy = {"image": "tecnativa/docker-socket-proxy:0.3", **holds}
    healer = {"environment": {"DOCKER_HOST": "tcp://door:2375"}}
    assert found(tmp_path, healer=healer, door=proxy, other={"environment": None}) == ("healer",)


def test_who_shares_a_volume_with_a_web_proxy_is_none(tmp_path: Path, holds: dict[str, Any]) -> None:
    proxy = {"image": "traefik:v3.1", "volumes": [*holds["volumes"], *volumes("certificates")["volumes"]]}
    with pytest.raises(NotApplicableError, match="proxy has it for something else"):
        found(tmp_path, proxy=proxy, mail=volumes("certificates"))


@pytest.mark.parametrize("others", [("proxy",), ("proxy", "worker")])
def test_the_cases_leave_no_service_out_and_none_is_empty(
    tmp_path: Path, holds: dict[str, Any], others: tuple[str, ...]
) -> None:
    stack = stack_with(tmp_path, healer=holds, **{name: {} for name in others})
    dealt = [services_of(stack, case) for case in CASES]
    assert sorted(name for services in dealt for name in services) == sorted(stack.project.services)
    assert all(dealt)


@pytest.mark.parametrize("case", [HEALERS, EVERY_OTHER])
def test_a_case_of_nobody_is_not_applicable(tmp_path: Path, case: str) -> None:
    with pytest.raises(NotApplicableError):
        services_of(stack_with(tmp_path), case)
