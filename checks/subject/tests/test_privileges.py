"""Powers over the machine are found in what Compose and Docker say, and what every project may have is none."""

import json
from pathlib import Path
from typing import Any

import pytest

from checks.subject import privileges
from checks.subject.profile import Subject
from checks.subject.stack import Stack
from checks.subject.tests.resolved import resolved

API: dict[str, Any] = {"image": "shop/api:1", "build": {"context": "."}, "ports": [{"target": 5000}]}
REDIS: dict[str, Any] = {"image": "redis:8.0", "command": ["redis-server"]}
HELD = [
    {"privileged": True},
    {"cap_add": ["SYS_ADMIN"]},
    {"cap_add": ["ALL"]},
    {"pid": "host"},
    {"ipc": "host"},
    {"uts": "host"},
    {"userns_mode": "host"},
    {"cgroup": "host"},
    {"pid": "container:other"},
    {"devices": [{"source": "/dev/sda", "target": "/dev/sda"}]},
    {"device_cgroup_rules": ["a *:* rwm"]},
    {"security_opt": ["seccomp:unconfined"]},
    {"security_opt": ["label=disable"]},
    {"volumes": [{"type": "bind", "source": "/etc", "target": "/host", "read_only": True}]},
    {"volumes": [{"type": "bind", "source": "/proc/1", "target": "/p", "read_only": True}]},
    {"volumes": [{"type": "volume", "source": "all", "target": "/all"}]},
    {"volumes": [{"type": "volume", "source": "memory", "target": "/all"}]},
    {"volumes": [{"type": "volume", "source": "layers", "target": "/all"}]},
    {"volumes": [{"type": "bind", "source": "/usr/local/bin", "target": "/b"}]},
    {"volumes": [{"type": "bind", "source": "/usr/bin", "target": "/b"}]},
    {"volumes": [{"type": "bind", "source": "/var/spool", "target": "/s"}]},
    {"volumes": [{"type": "bind", "source": "/etc/sudoers.d", "target": "/s"}]},
    {"volumes": [{"type": "bind", "source": "/run/systemd/system", "target": "/s"}]},
    {"volumes": [{"type": "bind", "source": "/var/lib/dpkg/info", "target": "/s"}]},
    {"devices": [{"source": "/dev/dri/../sda", "target": "/dev/x"}]},
    {"security_opt": ["label=type:spc_t"]},
    {"security_opt": ["seccomp:./allows-all.json"]},
    {"security_opt": ['seccomp={"defaultAction": "SCMP_ACT_ALLOW"}']},
    {"volumes": [{"type": "bind", "source": "/run/docker.sock", "target": "/s"}]},
    {"volumes": [{"type": "bind", "source": "/etc/cron.d", "target": "/jobs"}]},
    {"volumes": [{"type": "bind", "source": "/root/.ssh/authorized_keys", "target": "/keys"}]},
    {"use_api_socket": True},
    {"post_start": [{"command": ["id"], "privileged": True}]},
]
HARMLESS = [
    {"cap_drop": ["ALL"], "cap_add": ["NET_BIND_SERVICE", "CAP_CHOWN", "NET_RAW"]},
    {"security_opt": ["no-new-privileges:true", "seccomp:./seccomp.json", "apparmor=docker-default"]},
    {"security_opt": ["seccomp:./keeps-some.json", "seccomp:./is-not-there.json", "seccomp:./no-json.json"]},
    {
        "volumes": [
            {"type": "bind", "source": "/usr/share/zoneinfo", "target": "/usr/share/zoneinfo", "read_only": True}
        ]
    },
    {"volumes": [{"type": "bind", "source": "/usr/bin/jq", "target": "/usr/bin/jq", "read_only": True}]},
    {"volumes": [{"type": "bind", "source": "/etc/ssl/private", "target": "/certs"}]},
    {
        "volumes": [
            {"type": "volume", "source": "in-memory"},
            {"type": "volume", "source": "disk"},
            {"type": "volume", "source": "shared-disk"},
        ]
    },
    {"sysctls": {"net.core.somaxconn": "1024"}},
    {"gpus": "all", "devices": [{"source": "/dev/dri", "target": "/dev/dri"}]},
    {"deploy": {"resources": {"reservations": {"devices": [{"capabilities": ["gpu"]}]}}}},
    {"volumes": [{"type": "bind", "source": "/etc/ssl/certs", "target": "/etc/ssl/certs", "read_only": True}]},
    {"volumes": [{"type": "bind", "source": "/etc/localtime", "target": "/etc/localtime", "read_only": True}]},
    {"volumes": [{"type": "bind", "source": "/etc/cron.d", "target": "/jobs", "read_only": True}]},
    {"volumes": [{"type": "bind", "source": "/etc/letsencrypt", "target": "/etc/letsencrypt"}]},
    {"volumes": [{"type": "bind", "source": "/srv/models", "target": "/models", "read_only": True}]},
    {"volumes": [{"type": "bind", "source": "./data", "target": "/data"}, {"type": "volume", "source": "own"}]},
    {"runtime": "runsc", "ipc": "shareable", "pid": "service:redis", "init": True},
    {"logging": {"driver": "journald"}, "extra_hosts": ["host.docker.internal=host-gateway"]},
]


VOLUMES = {
    "all": {"type": "none", "o": "bind", "device": "/"},
    "memory": {"type": "tmpfs", "o": "size=1m,bind", "device": "/etc"},
    "disk": {"type": "ext4", "device": "/dev/vdb1"},
    "layers": {"type": "overlay", "device": "overlay", "o": "lowerdir=/etc,upperdir=/srv/u,workdir=/srv/w"},
    "in-memory": {"type": "tmpfs", "device": "tmpfs", "o": "size=1m"},
    "shared-disk": {"type": "nfs", "device": ":/exports/shop", "o": "addr=10.0.0.1"},
}


def stack_with(folder: Path, api: dict[str, Any], **others: dict[str, Any]) -> Stack:
    kept = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mount"], "action": "SCMP_ACT_ERRNO"}]}
    (folder / "keeps-some.json").write_text(json.dumps(kept))
    (folder / "allows-all.json").write_text('{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": []}')
    (folder / "no-json.json").write_text("[")
    volumes = {name: {"driver_opts": options} for name, options in VOLUMES.items()} | {"own": {}}
    services = {"api": API | api, "redis": REDIS, **others}
    return resolved(Subject(compose_file=folder / "compose.yaml"), folder, {"services": services, "volumes": volumes})


@pytest.mark.parametrize("keys", HELD, ids=str)
def test_a_power_over_the_machine_is_found(keys: dict[str, Any], tmp_path: Path) -> None:
    stack = stack_with(tmp_path, keys)
    found = privileges.powers(stack, stack.services)
    assert len(found["api"]) == 1
    assert found["api"][0].startswith(next(iter(keys)))
    assert found["redis"] == ()


@pytest.mark.parametrize("keys", HARMLESS, ids=str)
def test_what_any_project_may_have_is_no_power(keys: dict[str, Any], tmp_path: Path) -> None:
    stack = stack_with(tmp_path, keys)
    assert privileges.powers(stack, stack.services)["api"] == ()


def test_the_engines_socket_is_for_who_serves_nobody(tmp_path: Path) -> None:
    socket = {"volumes": [{"type": "bind", "source": "/run/docker.sock", "target": "/var/run/docker.sock"}]}
    stack = stack_with(tmp_path, socket, healer={"image": "willfarrell/autoheal:1.2.0", **socket})
    found = privileges.powers(stack, stack.services)
    assert found["healer"] == ()
    assert found["api"] == ("volumes: /run/docker.sock",)


def test_a_file_of_the_machine_that_is_called_a_secret_is_found(tmp_path: Path) -> None:
    stack = stack_with(tmp_path, {"secrets": [{"source": "s"}, {"source": "own"}]})
    shadow = {"s": {"file": "/etc/shadow"}, "own": {"file": "./own"}}
    stack = resolved(stack.subject, tmp_path, {**stack.project.config, "secrets": shadow})
    assert privileges.powers(stack, stack.services)["api"] == ("volumes: /etc/shadow",)


@pytest.mark.parametrize("socket", ["/run/dbus/system_bus_socket", "/run/systemd/private"])
def test_who_may_ask_the_machines_root_has_a_power(socket: str, tmp_path: Path) -> None:
    volumes = {"volumes": [{"type": "bind", "source": socket, "target": "/s", "read_only": True}]}
    stack = stack_with(tmp_path, {}, worker={"image": "shop/worker:1", **volumes})
    assert len(privileges.powers(stack, stack.services)["worker"]) == 1


def test_who_watches_the_machine_is_known(tmp_path: Path) -> None:
    exporter = {"image": "quay.io/prometheus/node-exporter:v1.8.2", "pid": "host"}
    stack = stack_with(tmp_path, {}, node=exporter)
    assert privileges.watches(stack, "node")
    assert not any(privileges.watches(stack, name) for name in ("api", "redis", "of-a-profile"))


def test_what_docker_says_is_read_by_the_same_list(tmp_path: Path) -> None:
    ours: dict[str, Any] = {
        "Privileged": False,
        "CapAdd": None,
        "Devices": [],
        "PidMode": "",
        "IpcMode": "private",
        "UTSMode": "",
    }
    bad: dict[str, Any] = {"Privileged": True, "CapAdd": ["CAP_SYS_ADMIN"], "PidMode": "host", "IpcMode": "host"}
    bad |= {"Devices": [{"PathOnHost": "/dev/sda"}], "SecurityOpt": ["seccomp=unconfined"]}
    etc = {"Type": "bind", "Source": "/etc", "RW": False}
    stack = stack_with(tmp_path, {})
    services = {"redis": privileges.as_declared(ours, []), "api": privileges.as_declared(bad, [etc])}
    services["friend"] = privileges.as_declared(
        {"PidMode": "container:f00d", "IpcMode": "container:f00d"}, [], {"f00d"}
    )
    found = privileges.powers(stack, services)
    assert found["redis"] == found["friend"] == ()
    assert [one.partition(":")[0] for one in found["api"]] == [
        "privileged", "cap_add", "devices", "security_opt", "pid", "ipc", "volumes",
    ]  # fmt: skip
