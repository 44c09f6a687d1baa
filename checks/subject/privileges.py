"""Which powers over the machine a service is given: of all that is dangerous to start, what no service has to have.

What is refused before a start (`dangers`) asks whether this machine may come to harm; much of that, such as a volume
that others made, is no fault of a project. What is left here is one wherever the project runs.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from checks.subject.dangers import Danger, of_service
from checks.subject.dangers import Files as MachinesFiles
from checks.subject.plain_text import plain_text
from checks.subject.roles import Found, Role
from checks.subject.stack import Files
from stack.driver.project import Config

WATCHERS = {"exporter", "logging"}  # kinds of services that are there to look at the machine
POWERS = {Danger.PRIVILEGED, Danger.CAPABILITIES}  # whatever stands there
SERVING = (Role.API, Role.REDIS, Role.PROMETHEUS)
MACHINES_OWN = """
    / /boot /dev /etc /lib /lib64 /proc /sys /usr /bin /sbin /root /home /run /var /var/lib /var/run
"""  # CIS Docker 1.6.0, 5.6, and what leads to the same
OF_THE_MACHINE = frozenset(map(Path, MACHINES_OWN.split()))
WITH_ALL_BELOW = tuple(
    map(Path, ("/boot", "/proc", "/var/lib/docker", "/var/lib/containerd", "/etc/ssh", "/etc/shadow", "/etc/sudoers"))
)
MADE_ROOT_BY = """
    /usr/bin /usr/sbin /usr/lib /usr/lib64 /usr/libexec /usr/local/bin /usr/local/sbin /usr/local/lib /bin /sbin
    /lib /lib64 /etc/rc.local /etc/profile /etc/environment /etc/sudoers.d /etc/apt /etc/logrotate.d
    /etc/network /etc/default /etc/update-motd.d /etc/modprobe.d /etc/ld.so.conf /etc/shadow /etc/gshadow
    /etc/kernel /etc/NetworkManager /run/systemd /var/lib/dpkg /var/lib/systemd /etc/kubernetes /var/lib/kubelet
    /etc/cron.d /etc/cron.hourly /etc/cron.daily /etc/cron.weekly /etc/cron.monthly /etc/crontab /var/spool/cron
    /etc/systemd /etc/init.d /etc/udev /etc/pam.d /etc/passwd /etc/group /etc/profile.d /etc/ld.so.preload
    /etc/ld.so.conf.d /etc/docker /root/.ssh /sys/fs/cgroup /sys/kernel
"""  # whoever writes there has the machine's root run what he likes; to read most of it is no power
IF_WRITTEN = tuple(map(Path, MADE_ROOT_BY.split()))
SPEAKS_TO_ROOT = tuple(map(Path, ("/run/dbus", "/run/systemd")))  # who may ask there has root start what he likes
OF_ANYBODY = (
    "/dev/null",
    "/dev/zero",
    "/dev/full",
    "/dev/random",
    "/dev/urandom",
    "/dev/dri",
    "/dev/nvidia",
    "/dev/log",
)
LIFTED = ("unconfined", "disable", "spc_t")  # of seccomp, AppArmor, SELinux
ALLOWED = {"SCMP_ACT_ALLOW", "SCMP_ACT_LOG"}


def powers(files: Files, services: Mapping[str, Config]) -> dict[str, tuple[str, ...]]:
    """{service: 'key: what stands there' of each power} of services as Compose resolved them, or as they run."""
    machine = MachinesFiles(project=files.project.directory)
    serving = _serving(files)
    return {
        name: tuple(dict.fromkeys(_held(_in_truth(spec, files.project.config), machine, serves=name in serving)))
        for name, spec in services.items()
    }


def watches(files: Files, service: str) -> bool:
    """Whether a service is there to look at the machine, as an exporter of its metrics is."""
    return service in files.services and files.kind_of(service) in WATCHERS


def as_declared(
    container: Mapping[str, object], mounts: list[Mapping[str, object]], own: Collection[str] = ()
) -> Config:
    """What `docker inspect` says of a container (HostConfig, Mounts), by the keys of a Compose file.

    `own` are the ids of the project's containers: to share a namespace with one of them is to share it with a service.
    """
    modes = {key: str(container.get(mode) or "") for key, mode in MODES.items()}
    return {
        "privileged": container.get("Privileged"),
        "cap_add": container.get("CapAdd") or (),
        "devices": [{"source": one["PathOnHost"]} for one in _all(container.get("Devices"))],
        "device_cgroup_rules": container.get("DeviceCgroupRules") or [],
        "security_opt": container.get("SecurityOpt") or (),
        "volumes": [{"type": one["Type"], "source": one["Source"], "read_only": not one["RW"]} for one in mounts],
    } | {key: "" if mode.removeprefix("container:") in own else mode for key, mode in modes.items()}


MODES = {
    "pid": "PidMode",
    "ipc": "IpcMode",
    "uts": "UTSMode",
    "userns_mode": "UsernsMode",
}  # fmt: skip; not CgroupnsMode, which is the engine's own choice where nothing is said: on cgroup v1 the machine's


def _all(value: object) -> list[Mapping[str, object]]:
    return value if isinstance(value, list) else []


def _serving(files: Files) -> set[str]:
    """The services that others ask for something, and that have nothing to ask of the engine."""
    findings = (files.roles.findings.get(role) for role in SERVING)
    return {found.service for found in findings if isinstance(found, Found)}


def _in_truth(spec: Config, config: Config) -> Config:
    """A service with the folders that its named volumes are in place of them, and files that it has as secrets."""
    volumes = config.get("volumes") or {}
    mounts = [{**mount, **_device(volumes.get(str(mount.get("source"))) or {})} for mount in spec.get("volumes") or ()]
    mounts += [
        {"type": "bind", "source": told["file"], "read_only": True}
        for kind in ("secrets", "configs")
        for one in spec.get(kind) or ()
        if (told := (config.get(kind) or {}).get(one["source"]) or {}).get("file")
    ]
    return {**spec, "volumes": mounts}


def _device(volume: Config) -> Config:
    """What a named volume is of this machine's: a folder or what lies below others."""
    options = volume.get("driver_opts") or {}
    device, flags = str(options.get("device") or ""), str(options.get("o") or "")
    lower = re.search(r"\blowerdir=([^,:]+)", flags)
    source = lower[1] if lower else device if "bind" in flags else ""
    return {"type": "bind", "source": source} if source else {}


def _held(spec: Config, machine: MachinesFiles, *, serves: bool) -> Iterator[str]:
    read_only = {str(one.get("source")) for one in spec.get("volumes") or () if one.get("read_only")}
    for danger, key, value in of_service(spec, machine):
        told = value if isinstance(value, str) else repr(value)
        place = Path(os.path.realpath(machine.project / told))
        makes_root = danger is Danger.OUTSIDE_FILES and key == "volumes" and told not in read_only and _below(place)
        if danger in POWERS or makes_root or _counts(danger, key, told, machine.project, serves=serves):
            yield f"{key}: {told}"


def _counts(danger: Danger, key: str, value: str, project: Path, *, serves: bool) -> bool:
    """Whether a thing that may be dangerous is a power over the machine, by what stands there."""
    match danger:
        case Danger.DEVICES:
            reserved = key in {"gpus", "deploy.resources.reservations.devices"}
            return not reserved and value.startswith(("/", "a ", "b ", "c ")) and not _is_anybodys(value)
        case Danger.HOST_NAMESPACES:
            return key != "network_mode"  # what is published is asked of by itself
        case Danger.UNCONFINED:
            return key == "security_opt" and (any(word in value for word in LIFTED) or _allows_all(value, project))
        case Danger.DOCKER_SOCKET:
            return (serves and not _is_anybodys(value)) or _speaks_to_root(Path(os.path.realpath(project / value)))
        case Danger.OUTSIDE_FILES:
            place = Path(os.path.realpath(project / value))
            return key == "volumes" and (_is_the_machines(place) or _speaks_to_root(place))
    return False


def _is_anybodys(device: str) -> bool:
    return os.path.normpath(device).startswith(OF_ANYBODY)


def _allows_all(option: str, project: Path) -> bool:
    """Whether a profile of seccomp keeps nothing from the kernel: what it names it lets through, and all else."""
    kind, _, told = option.replace("=", ":", 1).partition(":")
    if kind != "seccomp":
        return False
    try:
        profile = json.loads(told if told.lstrip().startswith("{") else plain_text(project / told))
        rules = [one.get("action") for one in profile.get("syscalls") or ()]
        return profile.get("defaultAction") in ALLOWED and all(action in ALLOWED for action in rules)
    except (OSError, ValueError, AttributeError):  # the engine says what is wrong with it
        return False


def _below(path: Path) -> bool:
    """Whether what is written there, or below, is run by the machine's root, or lets somebody in as root."""
    return any(path.is_relative_to(place) or place.is_relative_to(path) for place in IF_WRITTEN)


def _speaks_to_root(path: Path) -> bool:
    return any(path.is_relative_to(place) for place in SPEAKS_TO_ROOT)


def _is_the_machines(path: Path) -> bool:
    return path in OF_THE_MACHINE or any(path.is_relative_to(folder) for folder in WITH_ALL_BELOW)
