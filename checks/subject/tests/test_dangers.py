"""What a project asks of the machine is found, and a project that asks for nothing is left in peace."""

from pathlib import Path
from typing import Any

import pytest

from checks.subject import dangers as looked
from checks.subject.dangers import Danger, Files
from checks.subject.plain import plain
from checks.subject.trust import EVERYTHING, NOTHING, Trust, UntrustedError, allowed, preparation

SERVICES = [
    (Danger.PRIVILEGED, "privileged", {"privileged": True}),
    (Danger.PRIVILEGED, "post_start.privileged", {"post_start": [{"command": ["id"], "privileged": True}]}),
    (Danger.CAPABILITIES, "cap_add", {"cap_add": ["SYS_ADMIN"]}),
    (Danger.CAPABILITIES, "cap_add", {"cap_add": ["cap_sys_ptrace"]}),
    (Danger.CAPABILITIES, "cap_add", {"cap_add": ["ALL"]}),
    (Danger.DEVICES, "devices", {"devices": [{"source": "/dev/sda", "target": "/dev/sda"}]}),
    (Danger.DEVICES, "device_cgroup_rules", {"device_cgroup_rules": ["a *:* rwm"]}),
    (Danger.DEVICES, "gpus", {"gpus": "all"}),
    (Danger.HOST_NAMESPACES, "network_mode", {"network_mode": "host"}),
    (Danger.HOST_NAMESPACES, "pid", {"pid": "host"}),
    (Danger.HOST_NAMESPACES, "pid", {"pid": "container:other"}),
    (Danger.HOST_NAMESPACES, "ipc", {"ipc": "host"}),
    (Danger.HOST_NAMESPACES, "userns_mode", {"userns_mode": "host"}),
    (Danger.HOST_NAMESPACES, "uts", {"uts": "host"}),
    (Danger.HOST_NAMESPACES, "cgroup", {"cgroup": "host"}),
    (Danger.EXTERNAL, "network_mode", {"network_mode": "somebodys"}),
    (Danger.EXTERNAL, "volumes_from", {"volumes_from": ["container:other:rw"]}),
    (Danger.EXTERNAL, "external_links", {"external_links": ["other"]}),
    (Danger.EXTERNAL, "logging.driver", {"logging": {"driver": "syslog"}}),
    (Danger.SYSCTLS, "sysctls.kernel.shmmax", {"sysctls": {"kernel.shmmax": "1"}}),
    (Danger.UNCONFINED, "security_opt", {"security_opt": ["seccomp:unconfined"]}),
    (Danger.UNCONFINED, "security_opt", {"security_opt": ["apparmor=unconfined"]}),
    (Danger.UNCONFINED, "security_opt", {"security_opt": ["label:disable"]}),
    (Danger.UNCONFINED, "security_opt", {"security_opt": ["no-new-privileges:false"]}),
    (Danger.UNCONFINED, "runtime", {"runtime": "other"}),
    (Danger.UNCONFINED, "cgroup_parent", {"cgroup_parent": "/"}),
    (Danger.DOCKER_SOCKET, "volumes", {"volumes": [{"type": "bind", "source": "/run/docker.sock"}]}),
    (Danger.DOCKER_SOCKET, "volumes", {"volumes": [{"type": "bind", "source": "/run", "read_only": True}]}),
    (Danger.DOCKER_SOCKET, "volumes", {"volumes": [{"type": "bind", "source": "/"}]}),
    (Danger.DOCKER_SOCKET, "volumes", {"volumes": [{"type": "bind", "source": "./a-socket"}]}),
    (Danger.DOCKER_SOCKET, "use_api_socket", {"use_api_socket": True}),
    (Danger.OUTSIDE_FILES, "volumes", {"volumes": [{"type": "bind", "source": "/etc", "read_only": True}]}),
    (Danger.OUTSIDE_FILES, "volumes", {"volumes": [{"type": "bind", "source": "./out/there"}]}),
    (Danger.OUTSIDE_FILES, "volumes", {"volumes": [{"type": "bind", "source": "./x/../../y"}]}),
    (Danger.OUTSIDE_FILES, "volumes", {"volumes": [{"type": "bind", "source": "/etc/localtime"}]}),
    (Danger.UNKNOWN_KEYS, "volumes", {"volumes": [{"type": "npipe", "source": "x"}]}),
    (Danger.UNKNOWN_KEYS, "provider", {"provider": {"type": "a-program"}}),
    (Danger.BUILD, "build.network", {"build": {"context": ".", "network": "host"}}),
    (Danger.BUILD, "build.ssh", {"build": {"context": ".", "ssh": ["default"]}}),
    (Danger.BUILD, "build.entitlements", {"build": {"context": ".", "entitlements": ["network.host"]}}),
    (Danger.BUILD, "build.privileged", {"build": {"context": ".", "privileged": True}}),
    (Danger.OUTSIDE_FILES, "build.context", {"build": {"context": "/etc"}}),
    (Danger.OUTSIDE_FILES, "build.additional_contexts.r", {"build": {"additional_contexts": {"r": "/root"}}}),
    (Danger.OUTSIDE_FILES, "build.dockerfile", {"build": {"context": ".", "dockerfile": "/etc/shadow"}}),
    (Danger.OUTSIDE_FILES, "build.dockerfile", {"build": {"context": ".", "dockerfile": "../../Dockerfile"}}),
    (Danger.OUTSIDE_FILES, "build.additional_contexts.r", {"build": {"additional_contexts": {"r": "oci-layout:///r"}}}),
    (Danger.OUTSIDE_FILES, "build.cache_to", {"build": {"context": ".", "cache_to": ["type=local,dest=/etc/cron.d"]}}),
    (Danger.OUTSIDE_FILES, "build.cache_to", {"build": {"context": ".", "cache_to": ["type=local, dest=../../up"]}}),
    (Danger.OUTSIDE_FILES, "build.cache_from", {"build": {"context": ".", "cache_from": ["type=local,src=/srv"]}}),
    (Danger.BUILD, "build.cache_to", {"build": {"context": ".", "cache_to": ["type=registry,ref=a.test/shop"]}}),
    (Danger.UNCONFINED, "oom_score_adj", {"oom_score_adj": -1000}),
    (Danger.UNKNOWN_KEYS, "build.new", {"build": {"context": ".", "new": "x"}}),
]
SHARED: list[tuple[Danger, str, dict[str, Any]]] = [
    (Danger.EXTERNAL, "volumes.v.external", {"volumes": {"v": {"external": True}}}),
    (Danger.EXTERNAL, "networks.n.external", {"networks": {"n": {"external": True}}}),
    (Danger.EXTERNAL, "networks.n.driver", {"networks": {"n": {"driver": "macvlan"}}}),
    (Danger.EXTERNAL, "volumes.v.driver", {"volumes": {"v": {"driver": "a-plugin"}}}),
    (
        Danger.OUTSIDE_FILES,
        "volumes.v.driver_opts.device",
        {"volumes": {"v": {"driver_opts": {"type": "none", "o": "bind", "device": "/srv/orig"}}}},
    ),
    *(
        (
            Danger.OUTSIDE_FILES,
            "volumes.v.driver_opts.device",
            {"volumes": {"v": {"driver_opts": {"type": "tmpfs", "o": bound, "device": "/srv/orig"}}}},
        )
        for bound in ("bind", "size=1m,rbind", "move")
    ),
    (Danger.UNKNOWN_KEYS, "models", {"models": {"m": {"model": "of-the-machine"}}}),
    (Danger.OUTSIDE_FILES, "secrets.s.file", {"secrets": {"s": {"file": "/etc/shadow"}}}),
    (Danger.OUTSIDE_FILES, "configs.c.file", {"configs": {"c": {"file": "./out/there"}}}),
    (
        Danger.BUILD,
        "secrets.s.environment",
        {"services": {"web": {"build": {"secrets": [{"source": "s"}]}}}, "secrets": {"s": {"environment": "HOME"}}},
    ),
]
HARMLESS: dict[str, Any] = {
    "image": "redis:8", "cap_drop": ["ALL"], "cap_add": ["NET_BIND_SERVICE", "CAP_CHOWN"], "privileged": False,
    "security_opt": ["no-new-privileges:true"], "network_mode": "none", "ipc": "private", "pid": "service:api",
    "volumes": [
        {"type": "bind", "source": "./data"}, {"type": "volume", "source": "v"}, {"type": "tmpfs"},
        {"type": "bind", "source": "/etc/localtime", "read_only": True},
    ],
    "build": {
        "context": ".", "dockerfile": "docker/Dockerfile", "args": {"A": "b"},
        "cache_to": ["type=inline", "type=local,dest=./c"],
        "cache_from": ["shop:latest", "type=registry,ref=a.test/shop"],
        "additional_contexts": {"base": "docker-image://debian:13", "other": "https://a.test/x.git", "lib": "./lib"},
    },
    "oom_score_adj": 100, "logging": {"driver": "local"}, "gpus": None, "provider": None,
}  # fmt: skip


@pytest.fixture
def files(tmp_path: Path) -> Files:
    """A project with a link that leads out of it, and what is taken for a socket."""
    (tmp_path / "out").symlink_to("/srv")
    return Files(project=tmp_path, is_socket=lambda path: path.name == "a-socket")


@pytest.mark.parametrize(("danger", "key", "spec"), SERVICES)
def test_a_dangerous_service_is_found(danger: Danger, key: str, spec: dict[str, Any], files: Files) -> None:
    found = looked.dangers({"services": {"web": spec}}, files)
    assert [(one.danger, one.key) for one in found] == [(danger, f"services.web.{key}")]


@pytest.mark.parametrize(("danger", "key", "config"), SHARED)
def test_what_services_share_is_looked_at(danger: Danger, key: str, config: dict[str, Any], files: Files) -> None:
    assert [(one.danger, one.key) for one in looked.dangers({"services": {}, **config}, files)] == [(danger, key)]


def test_a_project_that_asks_for_nothing_is_left_in_peace(files: Files) -> None:
    shared: dict[str, Any] = {"volumes": {"v": None, "t": {"driver_opts": {"type": "tmpfs", "device": "tmpfs"}}}}
    shared |= {"networks": {"n": {"internal": True}}, "secrets": {"s": {"file": "./s"}, "e": {"environment": "E"}}}
    assert looked.dangers({"services": {"redis": HARMLESS}, **shared}, files) == []


WRITER = {"type": "bind", "source": "./data", "target": "/data"}
BELOW = {"type": "bind", "source": "./data/settings", "target": "/x", "read_only": True}


@pytest.mark.parametrize(
    ("key", "config"),
    [
        ("services.b.volumes", {"services": {"a": {"volumes": [WRITER]}, "b": {"volumes": [BELOW]}}}),
        ("services.a.volumes", {"services": {"a": {"volumes": [WRITER, BELOW]}}}),
        ("secrets.s.file", {"services": {"a": {"volumes": [WRITER]}}, "secrets": {"s": {"file": "data/s"}}}),
    ],
)
def test_what_a_container_may_make_a_link_is_found(key: str, config: dict[str, Any], files: Files) -> None:
    found = looked.dangers(config, files)
    assert [(one.danger, one.key) for one in found] == [(Danger.OUTSIDE_FILES, key)]
    assert "which `a` may make a link to anything" in found[0].value


def test_what_nobody_may_make_a_link_is_left_in_peace(files: Files) -> None:
    shut = {**WRITER, "read_only": True}
    apart = [{"type": "bind", "source": "./data-of-b", "target": "/data"}]
    config = {"services": {"a": {"volumes": [shut]}, "b": {"volumes": [BELOW]}, "c": {"volumes": apart}}}
    assert looked.dangers(config, files) == []
    both = {"services": {"a": {"volumes": [WRITER]}, "b": {"volumes": [WRITER]}}}
    assert looked.dangers(both, files) == []


OF_NO_KEY = {Danger.PREPARE, Danger.ENVIRONMENT, Danger.ROUTE_OUT}


def test_every_kind_of_danger_is_tried() -> None:
    assert {danger for danger, *_ in (*SERVICES, *SHARED)} == {*Danger} - OF_NO_KEY


def test_what_is_allowed_passes_and_no_more(files: Files) -> None:
    found = looked.dangers({"services": {"web": {"privileged": True, "pid": "host"}}}, files)
    found += preparation(["make", "it so"])
    EVERYTHING.require(found)
    Trust(allowed=allowed("privileged, host-namespaces,prepare")).require(found)
    with pytest.raises(UntrustedError) as refused:
        Trust(allowed=allowed("privileged")).require(found)
    assert refused.value.details == (
        "services.web.pid: host (host-namespaces)",
        "compliance.toml prepare: make 'it so' (prepare)",
    )
    assert "--allow host-namespaces,prepare" in refused.value.hint
    NOTHING.require([])


def test_a_kind_that_there_is_not_is_told() -> None:
    with pytest.raises(ValueError, match="`socket` is no kind of danger: privileged, "):
        allowed("socket")


def test_a_name_cannot_steer_what_it_is_printed_on(files: Files) -> None:
    name = "a\x1b[2J\n\u202everdict: proven\u2066<b>"
    found = looked.dangers({"services": {name: {"privileged": True}}}, files)
    with pytest.raises(UntrustedError) as refused:
        NOTHING.require(found)
    assert refused.value.details == (
        r"services.a\x1b[2J\n\u202everdict: proven\u2066<b>.privileged: True (privileged)",
    )
    assert plain("x" * 300) == "x" * 199 + "…"
