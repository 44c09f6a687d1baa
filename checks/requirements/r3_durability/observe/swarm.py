"""Read where Swarm would run Redis, and where its data would lie."""

from collections.abc import Iterator
from pathlib import Path

from checks.core.verdict import NotApplicableError
from checks.requirements.r3_durability.judge.swarm import Placed
from checks.subject import on_swarm
from checks.subject.roles import Role
from checks.subject.stack import Files
from stack.driver.project import Config, is_global, replicas_of

LOCAL = "local"  # the engine's own driver of volumes
REACHED = "addr="  # in the mount options of a volume that lies on another machine (nfs, cifs)


def read_placement(files: Files) -> Placed:
    """Of the Redis that keeps the data. Whether a constraint names one node only its cluster could tell."""
    service = files.roles[Role.REDIS]
    spec = on_swarm.services(files)[service]
    if not (data := tuple(_of_one_node(files, spec))):
        raise NotApplicableError(f"`{service}` has no data that files show to lie on one node")
    deployed = spec.get("deploy") or {}
    return Placed(
        service=service,
        data=data,
        tasks="one a node" if is_global(spec) else str(replicas_of(spec)),
        constraints=tuple(one for one in (deployed.get("placement") or {}).get("constraints") or () if "!=" not in one),
        place=files.place("services", service, "deploy"),
    )


def _of_one_node(files: Files, spec: Config) -> Iterator[str]:
    """What it writes to: a folder outside of the project may be another machine's, mounted there on every node."""
    for mount in spec.get("volumes") or ():
        source = str(mount.get("source") or "")
        if mount.get("read_only"):
            continue
        if mount["type"] == "volume" and _is_local((files.project.config.get("volumes") or {}).get(source) or {}):
            yield source or str(mount["target"])
        if mount["type"] == "bind" and Path(source).is_relative_to(files.project.directory):
            yield str(Path(source).relative_to(files.project.directory))


def _is_local(volume: Config) -> bool:
    """As far as files tell: what is made elsewhere may be of any driver."""
    options = volume.get("driver_opts") or {}
    driver = str(volume.get("driver") or LOCAL)
    return driver == LOCAL and not volume.get("external") and REACHED not in str(options.get("o", ""))
