"""Who is taken for a healer: who can ask the engine for a restart, by its socket or through who holds that."""

import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from checks.core.verdict import NotApplicableError
from checks.requirements.r9_self_healing.observe.healer_away import healers
from checks.subject.profile import Subject
from checks.subject.roles import Role
from checks.subject.tests.resolved import resolved

APP: dict[str, Any] = {"web": {}, "store": {"image": "redis:8"}}


@pytest.fixture
def holds(tmp_path: Path) -> Iterator[dict[str, Any]]:
    """The volumes of who holds a socket of this machine."""
    with closing(socket.socket(socket.AF_UNIX)) as engine:
        engine.bind(str(tmp_path / "s"))
        yield {"volumes": [{"type": "bind", "source": str(tmp_path / "s"), "target": "/var/run/docker.sock"}]}


def found(folder: Path, **services: Any) -> tuple[str, ...]:  # noqa: ANN401 - as Compose has it
    subject = Subject(compose_file=folder / "compose.yaml", roles={Role.API: "web", Role.REDIS: "store"})
    return healers(resolved(subject, folder, {"services": {**APP, **services}}))


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
