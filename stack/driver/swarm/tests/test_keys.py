"""What is known of keys agrees with the docker command, which needs no engine for that."""

import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml

from stack.driver.swarm.keys import IGNORED, TAKEN, refused, restarts
from stack.driver.swarm.service import AS_THEY_ARE

DOCKER = shutil.which("docker")
needs_docker = pytest.mark.skipif(not DOCKER, reason="there is no docker command")
REFUSED = ("mem_limit", "cpus", "pids_limit", "scale", "profiles", "platform", "group_add", "pull_policy", "uts")
VALUES: dict[str, object] = {  # where a text would not do
    **dict.fromkeys(("init", "privileged", "read_only", "stdin_open", "tty"), True),
    **dict.fromkeys(("oom_score_adj", "cpus", "pids_limit", "scale"), 1),
    **{key: {} for key in ("deploy", "environment", "healthcheck", "labels", "logging", "networks", "sysctls")},
    **{key: [] for key in ("cap_add", "cap_drop", "configs", "devices", "external_links", "env_file", "secrets")},
    **{key: ["a:1"] for key in ("extra_hosts", "group_add", "links", "profiles", "security_opt")},
    **{key: ["/x"] for key in ("depends_on", "tmpfs", "volumes")},
    "build": ".", "credential_spec": {"file": "x"}, "expose": ["1"], "ports": ["1"], "stop_grace_period": "1s",
    "ulimits": {},
}  # fmt: skip


def complaint(keys: Mapping[str, object], folder: Path) -> str:
    """What it says against a service with these keys."""
    file = folder / "stack.yaml"
    file.write_text(yaml.safe_dump({"services": {"one": keys}}))
    asked = [str(DOCKER), "stack", "config", "--compose-file", str(file)]
    done = subprocess.run(asked, capture_output=True, text=True, check=False, env={"DOCKER_HOST": "unix:///nobody"})
    return done.stderr if done.returncode else ""


@needs_docker
def test_the_command_takes_all_that_is_not_refused(tmp_path: Path) -> None:
    keys = {key: VALUES.get(key, "x") for key in TAKEN | IGNORED}
    assert refused(keys) == []
    assert complaint(keys, tmp_path) == ""


@needs_docker
@pytest.mark.parametrize("key", REFUSED)
def test_the_command_refuses_what_is_refused(key: str, tmp_path: Path) -> None:
    keys = {"image": "shop:1", key: VALUES.get(key, "x")}
    assert refused(keys) == [key]
    assert "Additional property" in (said := complaint(keys, tmp_path)) or "forbidden" in said


def test_what_is_rendered_has_no_key_that_is_refused() -> None:
    assert TAKEN.issuperset(AS_THEY_ARE)
    assert refused({"image": "shop:1", "x-own": {"a": 1}, "command": None, "cpus": 0}) == []


@pytest.mark.parametrize(
    ("policy", "told"),
    [
        (None, "any"),
        ({}, "any"),
        ({"delay": "5s"}, "any"),
        ({"condition": "none"}, "none"),
        ({"condition": "any", "max_attempts": 3}, "any, at most 3 times"),
    ],
)
def test_a_restart_policy_is_told_in_words(policy: dict[str, object] | None, told: str) -> None:
    assert restarts({"deploy": {"restart_policy": policy}}) == told
