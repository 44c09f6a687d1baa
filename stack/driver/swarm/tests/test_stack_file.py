"""A resolved Compose file becomes a stack file: nothing is lost unsaid, and no secret is told."""

import hashlib
from pathlib import Path
from typing import Any

import pytest
import yaml

from stack.driver.swarm.service import Cluster
from stack.driver.swarm.stack_file import Aside, StackFile, rendered_of

PASSWORD = "correct-horse-battery-staple"  # noqa: S105 - of nothing
THREE = Cluster(nodes=3)
CHECK = {"test": ["CMD", "true"], "interval": "2s", "timeout": "1.5s", "retries": 2}


@pytest.fixture
def config(tmp_path: Path) -> dict[str, Any]:
    (tmp_path / "redis").mkdir()
    (tmp_path / "redis" / "redis.conf").write_text("appendonly yes\n")
    (tmp_path / "password").write_text(PASSWORD)
    api = {
        "image": "shop:1", "user": "10:20", "restart": "unless-stopped", "mem_limit": "268435456", "cpus": 1,
        "pids_limit": 64, "healthcheck": CHECK, "security_opt": ["no-new-privileges:true"],
        "depends_on": {"redis": {"condition": "service_healthy", "required": True}},
        "ports": [{"target": 5000, "published": "80", "host_ip": "127.0.0.1", "protocol": "tcp", "mode": "ingress"}],
        "secrets": [{"source": "password"}], "networks": {"inner": {"aliases": ["shop"]}, "outer": None},
    }  # fmt: skip
    redis = {
        "image": "redis:8.0", "restart": "on-failure:3", "networks": {"inner": None},
        "volumes": [
            {"type": "bind", "source": str(tmp_path / "redis"), "target": "/etc/redis", "read_only": True, "bind": {}},
            {"type": "volume", "source": "data", "target": "/data", "volume": {}},
        ],
    }  # fmt: skip
    tool = {"image": "tool", "networks": {"inner": None}, "volumes": [{"type": "volume", "source": "tools"}]}
    return {
        "services": {"api": api, "redis": redis, "tool": tool},
        "networks": {"inner": {"name": "shop_inner", "internal": True}, "outer": {"name": "shop_outer"}},
        "volumes": {"data": {"name": "shop_data"}, "tools": {"name": "shop_tools"}},
        "secrets": {"password": {"name": "shop_password", "file": str(tmp_path / "password")}},
    }


def of(config: dict[str, Any], cluster: Cluster = THREE, *left_out: str) -> StackFile:
    return rendered_of(config, "shop", cluster, Aside(services=left_out))


def services(config: dict[str, Any], cluster: Cluster = THREE) -> dict[str, Any]:
    found: dict[str, Any] = of(config, cluster).stack["services"]
    return found


def test_limits_and_restarts_are_where_swarm_reads_them(config: dict[str, Any]) -> None:
    found = services(config)
    assert found["api"]["deploy"]["resources"]["limits"] == {"cpus": "1", "memory": "268435456", "pids": 64}
    assert found["api"]["deploy"]["restart_policy"] == {"condition": "any", "delay": "2s"}
    assert found["redis"]["deploy"]["restart_policy"] == {"condition": "on-failure", "delay": "2s", "max_attempts": 3}
    assert not {"mem_limit", "cpus", "pids_limit", "restart", "depends_on"} & {
        key for one in found.values() for key in one
    }


def test_files_come_as_configs_and_data_stay_mounts(config: dict[str, Any]) -> None:
    redis = services(config)["redis"]
    assert redis["volumes"] == [{"type": "volume", "source": "data", "target": "/data"}]
    assert redis["configs"] == [
        {"source": "redis-etc-redis-redis.conf", "target": "/etc/redis/redis.conf", "mode": 0o444}
    ]


def test_who_has_data_stays_with_it_and_is_never_two(config: dict[str, Any]) -> None:
    redis = services(config)["redis"]["deploy"]
    assert redis["placement"] == {"constraints": ["node.labels.shop.redis==here"]}
    assert (redis["replicas"], redis["update_config"]["order"]) == (1, "stop-first")
    assert "node update --label-add shop.redis=here NODE" in of(config).as_yaml()
    assert "placement" not in services(config)["api"]["deploy"]


def test_placement_that_the_file_asks_for_is_kept(config: dict[str, Any]) -> None:
    config["services"]["redis"]["deploy"] = {"placement": {"constraints": ["node.role==worker"]}}
    constraints = services(config)["redis"]["deploy"]["placement"]["constraints"]
    assert constraints == ["node.role==worker", "node.labels.shop.redis==here"]


@pytest.mark.parametrize(
    ("nodes", "ipvs", "replicas", "order"),
    [
        (1, True, 2, "start-first"),
        (3, True, 2, "start-first"),
        (1, False, 1, "stop-first"),  # the port of the only node is taken
        (2, False, 1, "start-first"),
        (3, False, 2, "start-first"),
        (9, False, 2, "start-first"),
    ],
)
def test_a_new_task_starts_first_where_it_has_room(
    config: dict[str, Any], nodes: int, ipvs: bool, replicas: int, order: str
) -> None:
    deploy = services(config, Cluster(nodes=nodes, ipvs=ipvs))["api"]["deploy"]
    assert (deploy["replicas"], deploy["update_config"]["order"]) == (replicas, order)
    assert (deploy["update_config"]["failure_action"], deploy["rollback_config"]["order"]) == ("rollback", order)


def test_an_update_is_watched_twice_as_long_as_a_fault_takes(config: dict[str, Any]) -> None:
    assert services(config)["api"]["deploy"]["update_config"]["monitor"] == "14s"  # 2 x 2 x (2 + 1.5)
    assert services(config)["redis"]["deploy"]["update_config"]["monitor"] == "5s"  # it has no health check


def test_what_the_kernel_lacks_is_done_without(config: dict[str, Any]) -> None:
    with_it, without = services(config)["api"], services(config, Cluster(nodes=3, ipvs=False))["api"]
    assert (with_it["ports"][0]["mode"], with_it["deploy"]["endpoint_mode"]) == ("ingress", "vip")
    assert (without["ports"][0]["mode"], without["deploy"]["endpoint_mode"]) == ("host", "dnsrr")
    assert any("no IPVS" in note for note in of(config, Cluster(ipvs=False)).notes)


def test_inner_networks_are_encrypted_where_nodes_can(config: dict[str, Any]) -> None:
    networks = of(config).stack["networks"]
    assert networks["inner"] == {"driver": "overlay", "internal": True, "driver_opts": {"encrypted": "true"}}
    assert networks["outer"] == {"driver": "overlay"}
    unable = of(config, Cluster(nodes=3, esp=False))
    assert "driver_opts" not in unable.stack["networks"]["inner"]
    assert any("not encrypted" in note for note in unable.notes)


def test_a_secret_is_for_its_reader_and_its_content_nowhere(config: dict[str, Any]) -> None:
    file = of(config)
    assert PASSWORD not in file.as_yaml()
    assert hashlib.sha256(PASSWORD.encode()).hexdigest()[:8] not in file.as_yaml()  # which would be quick to try
    secret = {"source": "password", "target": "password", "uid": "10", "gid": "20", "mode": 0o400}
    assert services(config)["api"]["secrets"] == [secret]


def test_a_name_changes_with_the_content_and_only_then(config: dict[str, Any], tmp_path: Path) -> None:
    def names() -> list[str]:
        stack = of(config).stack
        return [one["name"] for kind in ("secrets", "configs") for one in stack[kind].values()]

    before = names()
    assert names() == before
    assert all(len(name) <= 64 for name in before)
    (tmp_path / "password").write_text("another")
    (tmp_path / "redis" / "redis.conf").write_text("appendonly no\n")
    assert not set(names()) & set(before)


def test_what_has_no_counterpart_is_said(config: dict[str, Any]) -> None:
    config["services"]["api"]["x-own"] = {"some": "extension"}
    config["services"]["api"]["oom_score_adj"] = 5
    notes = of(config).notes
    assert [note.partition(":")[0] for note in notes] == ["oom_score_adj (api)", "security_opt (api)", "ports (api)"]


def test_who_is_left_out_takes_along_what_only_it_used(config: dict[str, Any]) -> None:
    everything, without = of(config), of(config, THREE, "tool", "api")
    assert set(everything.stack["volumes"]) == {"data", "tools"}
    assert set(without.stack["services"]) == {"redis"}
    assert set(without.stack["volumes"]) == {"data"}
    assert set(without.stack["networks"]) == {"inner"}  # the only one that redis has
    assert "secrets" not in without.stack
    assert any(note.startswith("not deployed: tool, api") for note in without.notes)


def test_an_inner_network_of_one_is_left_out(config: dict[str, Any]) -> None:
    stack = of(config, THREE, "tool", "redis").stack
    assert set(stack["networks"]) == set(stack["services"]["api"]["networks"]) == {"outer"}


def test_a_file_may_be_another_on_swarm(config: dict[str, Any], tmp_path: Path) -> None:
    other = tmp_path / "other.conf"
    other.write_text("appendonly yes\nappendfsync always\n")
    aside = Aside(files={str(tmp_path / "redis" / "redis.conf"): other})
    stack = rendered_of(config, "shop", THREE, aside).stack
    assert stack["configs"]["redis-etc-redis-redis.conf"]["file"] == str(other)
    assert stack["services"]["redis"]["configs"][0]["target"] == "/etc/redis/redis.conf"


def test_what_a_person_reads_is_what_docker_reads(config: dict[str, Any]) -> None:
    file = of(config)
    assert yaml.safe_load(file.as_yaml()) == file.stack
