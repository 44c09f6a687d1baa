"""What the shipped stack needs before it starts, and what the files that ship say to one another."""

import os
import re
import socket
import stat
import tempfile
from pathlib import Path

import pytest

from stack import SHIPPED
from stack.driver.errors import EngineError
from stack.healer import metrics_server
from stack.ops import prepare
from stack.ops.healer_log import HEALERS
from stack.ops.prepare import USERS
from stack.ops.secrets import ACL_FILE, LOGINS

COMPOSE = (SHIPPED / "compose.yaml").read_text()


def block(name: str, text: str = COMPOSE, indent: str = "") -> str:
    found = re.search(rf"^{indent}{name}:.*\n((?:(?:{indent}  .*)?\n)*)", text, re.MULTILINE)
    assert found is not None
    return found[1]


NAMES = re.findall(r"^  ([\w-]+):", block("services"), re.MULTILINE)
SERVICES = {name: block(name, block("services"), "  ") for name in NAMES}


def test_the_stack_is_service_redis_prometheus_and_the_healer() -> None:
    assert list(SERVICES) == [
        "api",
        "redis",
        "prometheus",
        "healer",
        "healer-filter",
        "watchdog",
        "watchdog-filter",
        "healer-metrics",
    ]


@pytest.mark.parametrize("name", SERVICES)
@pytest.mark.parametrize("key", ["<<: *hardened", "user:", "mem_limit:", "cpus:", "pids_limit:", "healthcheck:"])
def test_every_service_is_hardened_bounded_and_looked_at(name: str, key: str) -> None:
    assert re.search(rf"^ +{re.escape(key)}", with_what_it_merges(SERVICES[name]), re.MULTILINE)


def with_what_it_merges(text: str) -> str:
    """And with what that merges in turn, the first of all left out, which is looked at by itself."""
    anchored = {found[1]: one for name, one in SERVICES.items() if (found := re.search(rf"  {name}: &(\w+)", COMPOSE))}
    merged = re.search(r"<<: \*(\w+)", text)
    below = {"own": block("x-own"), **anchored}.get(merged[1] if merged else "", "")
    return f"{text}\n{with_what_it_merges(below)}" if below else text


@pytest.mark.parametrize(
    "line",
    ["read_only: true", "cap_drop: [ALL]", 'security_opt: ["no-new-privileges:true"]', "restart: unless-stopped"],
)
def test_hardened_means_it(line: str) -> None:
    assert f"  {line}" in block("x-hardened")


def test_only_service_and_prometheus_are_published_on_loopback() -> None:
    published = {name: re.findall(r"ports: (.*)", text) for name, text in SERVICES.items() if "ports:" in text}
    assert published == {"api": ['["127.0.0.1:5000:5000"]'], "prometheus": ['["127.0.0.1:9090:9090"]']}


def test_prometheus_is_on_no_network_of_redis() -> None:
    networks = {name: set(re.findall(r"\w+", found[1])) for name, text in SERVICES.items()
                if (found := re.search(r"networks: \[(.*)\]", text))}  # fmt: skip
    assert not networks["prometheus"] & networks["redis"]
    assert networks["prometheus"] & networks["api"]


def test_each_container_gets_the_secrets_that_it_reads() -> None:
    wanted: dict[str, set[str]] = {"redis": {ACL_FILE}}
    for login in LOGINS:
        if login.reader:
            wanted.setdefault(login.reader, set()).add(login.file)
    given = {name: found[1].split(", ") for name, text in SERVICES.items()
             if (found := re.search(r"secrets: \[(.*)\]", text))}  # fmt: skip
    assert {name: set(files) for name, files in given.items()} == wanted


def test_containers_run_as_the_users_that_their_secrets_are_for() -> None:
    for name, uid in USERS.items():
        assert f":-{uid}:{uid}}}" in SERVICES[name]


def test_configuration_is_readable_to_the_users_of_containers(tmp_path: Path) -> None:
    for name in ("redis/redis.conf", "prometheus/prometheus.yml"):
        (tmp_path / name).parent.mkdir(mode=0o700)
        (tmp_path / name).touch(mode=0o600)
    prepare._open_configuration(tmp_path)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.rglob("*")}
    assert modes == {"redis": 0o755, "redis.conf": 0o644, "prometheus": 0o755, "prometheus.yml": 0o644}


def test_the_data_directory_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    data = tmp_path / "data" / "redis"
    for _ in range(2):
        prepare._make_data_directory(data, os.geteuid())
        (data / "appendonly.aof").touch()
    assert stat.S_IMODE(data.stat().st_mode) == 0o700
    assert [path.name for path in data.iterdir()] == ["appendonly.aof"]


def test_the_socket_of_this_machines_engine_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as server:
        server.bind(f"{folder}/s")  # a short path: 108 bytes is all there is
        monkeypatch.setenv("DOCKER_HOST", f"unix://{folder}/s")
        assert prepare._socket() == Path(folder, "s")


@pytest.mark.parametrize("host", ["tcp://127.0.0.1:2375", "unix:///nonexistent/docker.sock", "ssh://somewhere"])
def test_an_engine_without_a_socket_on_this_machine_is_refused(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    monkeypatch.setenv("DOCKER_HOST", host)
    with pytest.raises(EngineError, match=f"{host} is none"):
        prepare._socket()


def test_prometheus_asks_for_what_each_healer_publishes() -> None:
    job = (SHIPPED / "prometheus" / "prometheus.yml").read_text().split("job_name: healer\n")[1].split("job_name:")[0]
    labels = re.findall(r"healer: (\w+)(?:, __metrics_path__: (\S+))?", job)
    assert {path or "/metrics" for _, path in labels} == set(metrics_server.PUBLISHED)
    assert [name for name, _ in labels] == list(HEALERS)
    assert all(name in Path(metrics_server.PUBLISHED[path or "/metrics"]).parts for name, path in labels)


def test_the_engines_socket_is_the_filters_alone() -> None:
    holders = [name for name, text in SERVICES.items() if "docker.sock" in text]
    assert holders == ["healer-filter", "watchdog-filter"]
    assert all(f"{name}-engine:/run/engine:ro" in SERVICES[name] for name in HEALERS)
