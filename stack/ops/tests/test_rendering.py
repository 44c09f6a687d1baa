"""The shipped stack as a stack file: as Compose resolves it, and as Docker reads what comes of it. Asks no engine."""

import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from stack import SHIPPED
from stack.driver.project import ComposeProject
from stack.driver.swarm.kernel import Kernel
from stack.driver.swarm.stack_file import StackFile
from stack.ops import secrets
from stack.ops.prepare import USERS
from stack.ops.rendering import healing, rendered

HEALERS = ("healer", "healer-filter", "watchdog", "watchdog-filter", "healer-metrics")
SHORT_OF_ALL = Kernel(ipvs=False, esp=False)


def is_here() -> bool:
    docker = shutil.which("docker")
    asked = [docker or "", "compose", "version"]
    return docker is not None and subprocess.run(asked, capture_output=True, check=False).returncode == 0


pytestmark = pytest.mark.skipif(not is_here(), reason="the Compose plugin is not here: `invoke engine` provides it")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ComposeProject]:
    """A copy with secrets and settings of its own, and a socket in place of an engine's."""
    copy = tmp_path_factory.mktemp("s") / "stack"
    for name in ("compose.yaml", "prometheus", "redis"):
        source = SHIPPED / name
        shutil.copytree(source, copy / name) if source.is_dir() else shutil.copy(source, copy.parent / name)
    shutil.move(copy.parent / "compose.yaml", copy / "compose.yaml")
    secrets.ensure(copy / "secrets", dict.fromkeys(USERS, copy.stat().st_uid))
    with socket.socket(socket.AF_UNIX) as engine:
        engine.bind(str(copy / "s"))
        settings = {"API_IMAGE": "api:1", "HEALER_IMAGE": "healer:1", "DOCKER_GID": 1, "DOCKER_SOCKET": copy / "s"}
        (copy / ".env").write_text("".join(f"{name}={value}\n" for name, value in settings.items()))
        yield ComposeProject(copy, "compose.yaml", "compliance-stack")


@pytest.fixture(scope="module")
def file(project: ComposeProject) -> StackFile:
    return rendered(project, 3, SHORT_OF_ALL)


def test_the_healers_stay_at_home(project: ComposeProject, file: StackFile) -> None:
    assert set(healing(project)) == set(HEALERS)
    assert list(file.stack["services"]) == ["api", "prometheus", "redis"]
    assert "docker.sock" not in file.as_yaml()
    assert set(file.stack["networks"]) == {"backend", "monitoring"}


def test_docker_reads_it(file: StackFile, tmp_path: Path) -> None:
    written = tmp_path / "stack.yaml"
    written.write_text(file.as_yaml())
    asked = ["docker", "stack", "config", "--compose-file", str(written)]
    read = subprocess.run(asked, capture_output=True, text=True, check=False)
    assert read.returncode == 0, read.stderr
    understood = yaml.safe_load(read.stdout)
    assert set(understood["services"]) == set(file.stack["services"])
    probe = understood["services"]["redis"]["healthcheck"]["test"][-1]
    assert probe in [one["target"] for one in understood["services"]["redis"]["configs"]]


def test_no_secret_stands_in_it(project: ComposeProject, file: StackFile) -> None:
    told = file.as_yaml()
    for one in (project.directory / "secrets").iterdir():
        assert not any(line in told for line in one.read_text().splitlines())
    assert len(file.stack["secrets"]) == 3


def test_redis_keeps_its_data_where_compose_had_them(project: ComposeProject, file: StackFile) -> None:
    redis = file.stack["services"]["redis"]
    data = {"type": "bind", "source": str(project.directory / "data" / "redis"), "target": "/data"}
    assert redis["volumes"] == [data]
    assert file.labels == ("compliance-stack.prometheus", "compliance-stack.redis")


def test_prometheus_gets_the_configuration_for_tasks(project: ComposeProject, file: StackFile) -> None:
    configs = [one["file"] for one in file.stack["configs"].values() if one["file"].endswith("prometheus.yml")]
    assert configs == [str(project.directory / ".swarm" / "prometheus.yml")]
    assert "tasks.api" in Path(configs[0]).read_text()


def test_every_service_has_limits_and_a_way_back(file: StackFile) -> None:
    for service in file.stack["services"].values():
        deploy = service["deploy"]
        assert set(deploy["resources"]["limits"]) == {"cpus", "memory", "pids"}
        assert (deploy["update_config"]["failure_action"], service["read_only"]) == ("rollback", True)
        assert re.fullmatch(r"\d+s", service["stop_grace_period"])


def test_what_is_lost_is_no_more_than_is_known(file: StackFile) -> None:
    subjects = [note.split(" ")[0].rstrip(":") for note in file.notes]
    assert subjects == ["security_opt", "not", "ports", "the", "the"]
