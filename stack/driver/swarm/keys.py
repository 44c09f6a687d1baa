"""Which keys of a service `docker stack deploy` takes, which it passes over, and which it refuses.

As docker/cli 28 has them: its schema 3.13, and `UnsupportedProperties` in cli/compose/types. A test asks the docker
command for each of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

TAKEN = frozenset({
    "cap_add", "cap_drop", "command", "configs", "credential_spec", "depends_on", "deploy", "dns", "dns_search",
    "entrypoint", "env_file", "environment", "extra_hosts", "healthcheck", "hostname", "image", "init", "isolation",
    "labels", "logging", "networks", "ports", "read_only", "secrets", "stdin_open", "stop_grace_period", "stop_signal",
    "sysctls", "tmpfs", "tty", "ulimits", "user", "volumes", "working_dir",
})  # fmt: skip
IGNORED = frozenset({
    "build", "cgroup_parent", "cgroupns_mode", "container_name", "devices", "domainname", "expose", "external_links",
    "ipc", "links", "mac_address", "network_mode", "oom_score_adj", "pid", "privileged", "restart", "security_opt",
    "shm_size", "userns_mode",
})  # fmt: skip
ANY = "any"  # what Swarm does with a task that ended where nothing is said of it
Spec = Mapping[str, Any]


def refused(spec: Spec) -> list[str]:
    """The keys of a service, as Compose resolves it, for which the whole file is refused."""
    return sorted(key for key, value in spec.items() if value and key not in TAKEN | IGNORED and key[:2] != "x-")


def restarts(spec: Spec) -> str:
    """What becomes of a task that ended: 'any', 'on-failure', 'none', or with a limit: 'any, at most 3 times'."""
    told = (spec.get("deploy") or {}).get("restart_policy") or {}
    limit = told.get("max_attempts")
    return str(told.get("condition") or ANY) + (f", at most {limit} times" if limit else "")
