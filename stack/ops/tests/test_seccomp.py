"""What the services that are built here may ask of the kernel."""

import json

import pytest

from stack import SHIPPED

PROFILE = json.loads((SHIPPED / "seccomp.json").read_text())
POWERS = {
    "bpf",
    "mount",
    "ptrace",
    "reboot",
    "setns",
    "unshare",
    "kexec_load",
    "init_module",
    "io_uring_setup",
    "keyctl",
}


def test_what_is_not_named_is_refused() -> None:
    assert (PROFILE["defaultAction"], PROFILE["defaultErrnoRet"]) == ("SCMP_ACT_ERRNO", 1)


def test_power_over_the_machine_is_not_named() -> None:
    allowed = {name for rule in PROFILE["syscalls"] if rule["action"] == "SCMP_ACT_ALLOW" for name in rule["names"]}
    assert allowed & POWERS == set()
    assert {"execve", "futex", "openat", "socket", "clone"} <= allowed


@pytest.mark.parametrize(("name", "op"), [("clone", "SCMP_CMP_MASKED_EQ"), ("socket", "SCMP_CMP_NE")])
def test_what_depends_on_an_argument_is_named_with_it_alone(name: str, op: str) -> None:
    (rule,) = (rule for rule in PROFILE["syscalls"] if name in rule["names"])
    assert [one["op"] for one in rule["args"]] == [op]


def test_it_is_for_the_machines_own_processor_alone() -> None:
    """Each more would be compiled anew for every process that the engine starts in a container, a health probe too."""
    assert {"architectures", "archMap"} & set(PROFILE) == set()
