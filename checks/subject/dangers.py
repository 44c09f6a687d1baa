"""What a Compose project asks of the machine itself: pure, over the resolved Compose file.

Whoever judges a project of somebody else runs it with an engine that is root. A service in a container of its own,
with files of its own project, can do little harm; each thing found here reaches out of that.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from checks.subject.compose_keys import HARMLESS_BUILD_KEYS, HARMLESS_CAPABILITIES, HARMLESS_SERVICE_KEYS, KNOWN_KEYS
from stack.driver.project import Config

SOCKETS = tuple(map(Path, ("/run/docker.sock", "/run/containerd/containerd.sock", "/run/podman/podman.sock")))
CLOCK = {Path("/etc/localtime"), Path("/etc/timezone")}  # read-only, these tell nothing
SPACES = ("network_mode", "pid", "ipc", "userns_mode", "uts", "cgroup")
OF_FILES = ("oci-layout", "file", "local")  # what stands behind `://` is a path of this machine
OF_OURS = ("", "none", "private", "shareable", "bridge", "default")


class Danger(StrEnum):
    """Kinds of danger, as `--allow` takes them."""

    PRIVILEGED = "privileged"
    CAPABILITIES = "capabilities"
    DEVICES = "devices"
    HOST_NAMESPACES = "host-namespaces"
    DOCKER_SOCKET = "docker-socket"
    OUTSIDE_FILES = "outside-files"
    SYSCTLS = "sysctls"
    UNCONFINED = "unconfined"
    BUILD = "build"
    EXTERNAL = "external"
    PREPARE = "prepare"
    ENVIRONMENT = "environment"  # this process's variables, which are withheld where nobody allowed it
    ROUTE_OUT = "route-out"  # of this machine, which a copy's networks have where somebody allowed it
    UNKNOWN_KEYS = "unknown-keys"


@dataclass(frozen=True, kw_only=True)
class Found:
    """One dangerous thing: of which kind, at which key of the Compose file, and what stands there."""

    danger: Danger
    key: str
    value: str

    def __str__(self) -> str:
        return f"{self.key}: {self.value} ({self.danger})"


Looked = Iterator[tuple[Danger, str, object]]
"""(kind, key below the service, what stands there)."""


@dataclass(frozen=True, kw_only=True)
class Files:
    """The machine's files, as far as they matter here: where the project lies, and what is a socket."""

    project: Path
    is_socket: Callable[[Path], bool] = lambda path: path.exists() and stat.S_ISSOCK(path.stat().st_mode)

    def real(self, source: str) -> Path:
        """Where a path of the Compose file leads."""
        return Path(os.path.realpath(self.project / source))

    def kind_of(self, source: str) -> Danger | None:
        """What it means to reach this path: links are followed, as the engine does."""
        real = self.real(source)
        if self.is_socket(real) or any(path.resolve().is_relative_to(real) for path in SOCKETS):
            return Danger.DOCKER_SOCKET
        return None if real.is_relative_to(self.project.resolve()) else Danger.OUTSIDE_FILES


def dangers(config: Config, files: Files) -> list[Found]:
    """Everything dangerous in a resolved Compose file, in its order."""
    found = [
        _found(f"services.{name}", one) for name, spec in config["services"].items() for one in of_service(spec, files)
    ]
    for kind in ("volumes", "networks", "secrets", "configs"):
        specs = {name: spec or {} for name, spec in (config.get(kind) or {}).items()}
        found += [
            _found(f"{kind}.{name}", one) for name, spec in specs.items() for one in _of_shared(spec or {}, files)
        ]
    found += [Found(danger=Danger.OUTSIDE_FILES, key=key, value=value) for key, value in _under_written(config, files)]
    found += [
        Found(danger=Danger.UNKNOWN_KEYS, key=key, value=repr(config[key]))
        for key in config
        if key not in KNOWN_KEYS and not key.startswith("x-") and config[key]
    ]
    return found + [_found("secrets", one) for one in _build_secrets(config)]


def _under_written(config: Config, files: Files) -> Iterator[tuple[str, str]]:
    """(key, path) of what is mounted from inside of a folder that a container may write to.

    Who writes there may make it a link, and the engine would follow that to wherever it leads on this machine.
    """
    mounts = [
        (f"services.{name}.volumes", str(mount["source"]), None if mount.get("read_only") else name)
        for name, spec in config["services"].items()
        for mount in spec.get("volumes") or ()
        if mount.get("type") == "bind"
    ]
    mounts += [
        (f"{kind}.{name}.file", str(spec["file"]), None)
        for kind in ("secrets", "configs")
        for name, spec in (config.get(kind) or {}).items()
        if (spec or {}).get("file")
    ]
    writers = {files.real(source): writer for _, source, writer in mounts if writer}
    for key, source, _ in mounts:
        if above := [folder for folder in files.real(source).parents if folder in writers]:
            yield key, f"{source}, which `{writers[above[0]]}` may make a link to anything"


def _found(place: str, one: tuple[Danger, str, object]) -> Found:
    danger, key, value = one
    return Found(danger=danger, key=f"{place}.{key}", value=value if isinstance(value, str) else repr(value))


def of_service(spec: Config, files: Files) -> Looked:
    """What one service of a resolved Compose file asks of the machine."""
    yield from _powers(spec)
    yield from _spaces(spec)
    yield from _before_others(spec)
    yield from _mounts(spec, files)
    yield from _build(spec.get("build") or {}, files)
    yield from ((Danger.UNKNOWN_KEYS, key, spec[key]) for key in spec if key not in HARMLESS_SERVICE_KEYS and spec[key])


def _powers(spec: Config) -> Looked:
    if spec.get("privileged"):
        yield Danger.PRIVILEGED, "privileged", True
    for name in spec.get("cap_add") or ():
        if str(name).upper().removeprefix("CAP_") not in HARMLESS_CAPABILITIES:
            yield Danger.CAPABILITIES, "cap_add", name
    yield from _devices(spec)
    yield from ((Danger.SYSCTLS, f"sysctls.{name}", value) for name, value in (spec.get("sysctls") or {}).items())
    for option in spec.get("security_opt") or ():
        if not str(option).startswith("no-new-privileges") or str(option).endswith("false"):
            yield Danger.UNCONFINED, "security_opt", option
    for key in ("post_start", "pre_stop"):
        if any(hook.get("privileged") for hook in spec.get(key) or ()):
            yield Danger.PRIVILEGED, f"{key}.privileged", True


def _devices(spec: Config) -> Looked:
    for key in ("devices", "device_cgroup_rules", "gpus"):
        yield from ((Danger.DEVICES, key, _device(one)) for one in _listed(spec.get(key)))
    reserved = ((spec.get("deploy") or {}).get("resources") or {}).get("reservations") or {}
    yield from ((Danger.DEVICES, "deploy.resources.reservations.devices", one) for one in reserved.get("devices") or ())


def _listed(value: object) -> list[Any]:
    return value if isinstance(value, list) else [value] if value else []


def _device(one: object) -> object:
    return one["source"] if isinstance(one, dict) and "source" in one else one


def _spaces(spec: Config) -> Looked:
    """A namespace of the machine's or of a container that is none of the project's."""
    for key in SPACES:
        value = str(spec.get(key) or "")
        if value == "host" or value.startswith("container:"):
            yield Danger.HOST_NAMESPACES, key, value
        elif value not in OF_OURS and not value.startswith("service:"):
            yield Danger.EXTERNAL, key, value  # a network by its name
    for key in ("volumes_from", "external_links"):
        strangers = [one for one in spec.get(key) or () if key == "external_links" or str(one).startswith("container:")]
        yield from ((Danger.EXTERNAL, key, one) for one in strangers)
    logging = (spec.get("logging") or {}).get("driver")
    if logging not in {None, "json-file", "local", "none"}:
        yield Danger.EXTERNAL, "logging.driver", logging
    for key in ("runtime", "cgroup_parent", "credential_spec"):
        if spec.get(key):
            yield Danger.UNCONFINED, key, spec[key]


def _before_others(spec: Config) -> Looked:
    """Memory that the kernel takes from everybody else on this machine first."""
    if int(spec.get("oom_score_adj") or 0) < 0:
        yield Danger.UNCONFINED, "oom_score_adj", spec["oom_score_adj"]


def _mounts(spec: Config, files: Files) -> Looked:
    for mount in spec.get("volumes") or ():
        source = str(mount.get("source", ""))
        harmless = mount.get("read_only") and Path(source) in CLOCK
        if mount.get("type") == "bind" and not harmless and (kind := files.kind_of(source)):
            yield kind, "volumes", source
        elif mount.get("type") not in {"bind", "volume", "tmpfs"}:
            yield Danger.UNKNOWN_KEYS, "volumes", f"{mount.get('type')} {source}".strip()
    if spec.get("use_api_socket"):
        yield Danger.DOCKER_SOCKET, "use_api_socket", True


def _build(build: Config, files: Files) -> Looked:
    for key in ("ssh", "entitlements", "privileged"):
        if build.get(key):
            yield Danger.BUILD, f"build.{key}", build[key]
    if build.get("network") not in {None, "none", "default"}:
        yield Danger.BUILD, "build.network", build["network"]
    for key, place in (*_contexts(build), *_caches(build)):
        if place and files.kind_of(place):
            yield Danger.OUTSIDE_FILES, key, place
    for kept in map(str, build.get("cache_to") or ()):
        if "type=" in kept and "type=inline" not in kept and "type=local" not in kept:
            yield Danger.BUILD, "build.cache_to", kept  # to somewhere else, as whoever runs this
    yield from ((Danger.UNKNOWN_KEYS, f"build.{key}", build[key]) for key in build if key not in HARMLESS_BUILD_KEYS)


def _contexts(build: Config) -> Iterator[tuple[str, str]]:
    """(key, path) of what a build reads of this machine."""
    told = {"build.context": str(build.get("context") or ""), "build.dockerfile": _dockerfile(build)}
    named = (build.get("additional_contexts") or {}).items()
    for key, place in (*told.items(), *((f"build.additional_contexts.{name}", str(one)) for name, one in named)):
        scheme, _, path = place.partition("://")
        if not path or scheme in OF_FILES:
            yield key, path or place


def _dockerfile(build: Config) -> str:
    """Where it lies, if that is not in the build's context."""
    context, file = str(build.get("context") or ""), os.path.normpath(str(build.get("dockerfile") or ""))
    return os.path.join(context, file) if file.startswith(("/", "..")) and "://" not in context else ""  # noqa: PTH118


def _caches(build: Config) -> Iterator[tuple[str, str]]:
    """(key, path) of the folders that a build reads from, or writes to, by itself: not in a container."""
    for key in ("cache_from", "cache_to"):
        for told in map(str, build.get(key) or ()):
            options = dict(part.strip().partition("=")[::2] for part in told.split(","))
            if options.get("type") == "local":
                yield f"build.{key}", options.get("dest") or options.get("src") or "."


def _of_shared(spec: Config, files: Files) -> Looked:
    """What a volume, a network, a secret or a setting of the project is in truth."""
    if spec.get("external"):
        yield Danger.EXTERNAL, "external", True
    options = spec.get("driver_opts") or {}
    if options.get("device") and not in_memory(options):
        yield Danger.OUTSIDE_FILES, "driver_opts.device", options["device"]
    if spec.get("driver") not in {None, "local", "bridge", "overlay"}:
        yield Danger.EXTERNAL, "driver", spec["driver"]
    if spec.get("file") and (kind := files.kind_of(str(spec["file"]))):
        yield kind, "file", spec["file"]


def in_memory(options: Config) -> bool:
    """Whether a volume is of memory alone: what is bound or moved is what it was, whatever type stands beside it."""
    flags = {*str(options.get("o") or "").split(",")}
    return options.get("type") == "tmpfs" and not flags & {"bind", "rbind", "move", "remount"}


def _build_secrets(config: Config) -> Looked:
    """Secrets of this machine's environment that a build is given."""
    builds = [spec.get("build") or {} for spec in config["services"].values()]
    asked = {one["source"] for build in builds for one in build.get("secrets") or ()}
    for name, spec in (config.get("secrets") or {}).items():
        if name in asked and (spec or {}).get("environment"):
            yield Danger.BUILD, f"{name}.environment", spec["environment"]
