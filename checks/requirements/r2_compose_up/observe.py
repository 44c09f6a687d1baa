"""Bring a stack up from nothing, and knock at every port."""

import json
import re
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from ipaddress import IPv6Address, ip_address
from pathlib import Path
from typing import Any, Literal

from checks.core.runner import SWARM
from checks.requirements.r2_compose_up.complaints import first_place
from checks.requirements.r2_compose_up.judge.compose_up import (
    EVERYWHERE,
    CameUp,
    Configured,
    Knock,
    Port,
    Privileges,
    Published,
    Reachable,
    is_loopback,
)
from checks.subject import privileges
from checks.subject.roles import Role
from checks.subject.stack import Files, Stack
from checks.subject.standing import complaint_of, profiled
from checks.subject.start import Cause, DidNotStartError, budget
from stack.driver import docker
from stack.driver.containers import published
from stack.driver.errors import NotHealthyError, StackError, SubjectError
from stack.driver.progress import Progress
from stack.driver.project import Config

Trying = Callable[[Stack], AbstractContextManager[None]]
KNOCK_SECONDS = 1.0
DATA = ("*.aof", "*.rdb")
LOCAL_IPV4 = re.compile(r"\|-- (\S+)\n\s+/32 host LOCAL")


def come_up_from_nothing(stack: Stack, starting: Trying = lambda _: nullcontext()) -> CameUp:
    """Start a stack that is ready and was never started. Raises SubjectError where its copy came with earlier data."""
    if data := [
        str(path.relative_to(stack.project.directory)) for name in DATA for path in stack.project.directory.rglob(name)
    ]:
        raise SubjectError(
            f"the copy has earlier data in it ({data[0]}), so that it does not come up from nothing",
            hint="name its directory in `leave_out` of the profile",
        )

    def bring_up() -> None:
        with starting(stack):
            _up(stack)

    return _came_up(stack, "nothing", stack.runner.leftovers(), {}, bring_up)


def did_not_come_up(cause: Cause) -> CameUp:
    """What was seen of it in this run, when somebody else was to start it."""
    said = (str(cause), *cause.details)
    return CameUp(after="nothing", before=(), said=said, health={}, anew={}, phases={}, for_good=cause.for_good)


def restart_all(stack: Stack) -> CameUp:
    """Restart every service at once."""
    return _came_up(stack, "restart", (), _starts(stack), lambda: stack.runner.restart(*stack.project.services))


def take_down_and_up(stack: Stack) -> CameUp:
    """Remove containers and networks, not the volumes, and bring all up again."""
    starts = _starts(stack)
    stack.runner.down()
    left = tuple(one for one in stack.runner.leftovers() if not one.startswith("volume"))
    return _came_up(stack, "down", left, starts, lambda: _up(stack))


def read_configuration(files: Files) -> Configured:
    """What Compose warns of and lacks, and the images named.

    What the profile's `prepare` is yet to provide is no fault of a project that has not been prepared.
    """
    if complaint_of(files.project) is not None:
        return Configured(warnings=files.complaint, images={}, warned_at=first_place(files, files.complaint))
    images = {name: str(spec.get("image") or "") for name, spec in files.services.items()}
    warnings = (*files.complaint, *files.project.warnings())
    if files.unprepared:
        warnings = tuple(one for one in warnings if one not in files.complaint and "variable is not set" not in one)
    return Configured(
        warnings=warnings,
        images={name: one for name, one in images.items() if not files.is_made_up(one)},
        places=files.places(images, "image"),
        warned_at=first_place(files, warnings),
    )


def read_published(files: Files) -> Published:
    """What is published, as the Compose file says, with every profile on."""
    every = {**files.services, **profiled(files.project)}
    return Published(
        redis=next(iter(files.candidates(Role.REDIS)), ""),
        services=tuple(every),
        ports=tuple(_ports(every)),
        exposed=(exposed := tuple(_on_the_machines_network(every))),
        by=_by(files),
        places={**files.places(every, "ports"), **files.places(exposed, "network_mode")},
    )


def read_privileges(files: Files) -> Privileges:
    """What the services may do to the machine, as the Compose file says, with every profile on."""
    return _privileges("files", files, {**files.services, **profiled(files.project)})


def inspect_privileges(stack: Stack) -> Privileges:
    """The same of every container, as Docker has it; of the services of profiles, which do not run, as files say."""
    ids = [container.id for container in stack.runner.containers().values()]
    told = json.loads(docker.ask("inspect", *ids)) if ids else []
    running = {_service_of(one): privileges.as_declared(one["HostConfig"], one["Mounts"], ids) for one in told}
    return _privileges("containers", stack, {**profiled(stack.project), **running})


def _privileges(asked: Literal["files", "containers"], files: Files, services: Mapping[str, Config]) -> Privileges:
    told = privileges.powers(files, services)
    held = {name: tuple(f"{name} {one}" for one in found) for name, found in told.items()}
    watching = [name for name in held if privileges.watches(files, name)]
    return Privileges(
        asked=asked,
        services=tuple(services),
        held=tuple(one for name, found in held.items() if name not in watching for one in found),
        watching=tuple(one for name in watching for one in held[name]),
    )


def _service_of(container: Mapping[str, Any]) -> str:
    return str(container["Config"]["Labels"]["com.docker.compose.service"])


def knock_everywhere(stack: Stack) -> Reachable:
    """Read what is published, and try every published port on each address of this machine."""
    found = [*published(stack.runner.containers())]
    declared, others = stack.project.declared["services"], profiled(stack.project)
    addresses = ["127.0.0.1", *own_addresses()]
    return Reachable(
        redis=next(iter(stack.candidates(Role.REDIS)), ""),
        by=_by(stack),
        declared=tuple(_ports(declared)),
        profiled=tuple(_ports(others)),
        running=tuple(Port(service=one.service, port=one.port, address=one.address) for one in found),
        exposed=tuple(_on_the_machines_network({**stack.project.config["services"], **others})),
        knocks=tuple(
            Knock(service=one.service, address=address, answered=_answers(address, one.host_port))
            for one in found
            if one.port.endswith("/tcp")
            for address in addresses
        ),
    )


def _by(files: Files) -> Literal["compose", "swarm"]:
    return "swarm" if files.subject.runner == SWARM else "compose"


def _ports(services: Mapping[str, Config]) -> Iterator[Port]:
    for name, spec in services.items():
        for port in spec.get("ports") or ():
            number = f"{port['target']}/{port.get('protocol', 'tcp')}"
            yield Port(service=name, port=number, address=port.get("host_ip", EVERYWHERE))


def _on_the_machines_network(services: Mapping[str, Config]) -> Iterator[str]:
    return (name for name, spec in services.items() if spec.get("network_mode") == "host")


def own_addresses() -> list[str]:
    """The addresses of this machine that are not loopback, as the kernel lists them."""
    ipv6 = Path("/proc/net/if_inet6")
    return addresses_in(Path("/proc/net/fib_trie").read_text(), ipv6.read_text() if ipv6.exists() else "")


def addresses_in(fib_trie: str, if_inet6: str) -> list[str]:
    """From proc(5) files; those of a link alone are left out, since they cannot be told without its name."""
    ipv4 = dict.fromkeys(LOCAL_IPV4.findall(fib_trie))
    ipv6 = [str(IPv6Address(int(line.split()[0], 16))) for line in if_inet6.splitlines()]
    return [one for one in (*ipv4, *ipv6) if not is_loopback(one) and not ip_address(one).is_link_local]


def _answers(address: str, port: int) -> bool:
    try:
        with socket.create_connection((address, port), timeout=KNOCK_SECONDS):
            return True
    except OSError:
        return False


def _came_up(
    stack: Stack,
    after: Literal["nothing", "restart", "down"],
    before: tuple[str, ...],
    starts: Mapping[str, datetime],
    bring_up: Callable[[], None],
) -> CameUp:
    began = time.monotonic()
    said, for_good = _complaint(stack, bring_up)
    seconds, now = round(time.monotonic() - began, 3), _starts(stack)
    return CameUp(
        after=after,
        before=before,
        said=said,
        health={name: glance.health for name, glance in stack.runner.status().items()},
        anew={name: name in now and now[name] != starts.get(name) for name in stack.project.services},
        phases={"up": seconds},
        for_good=for_good,
    )


def _complaint(stack: Stack, bring_up: Callable[[], None]) -> tuple[tuple[str, ...], bool]:
    """What Docker said, if they did not come up for a reason of the project's own, and whether that is for good.

    A full disk, a port taken by others or an image that is not to be had here is none: it raises StackError.
    """
    try:
        bring_up()
    except DidNotStartError as problem:
        if not problem.cause.own:
            raise
        return (problem.sentence, *problem.details), problem.cause.for_good
    except NotHealthyError as problem:
        return (problem.sentence, *problem.details), problem.for_good
    except StackError as problem:
        if type(problem) is not StackError:
            raise
        _ = stack.runner.images  # raises ImageError where one is not here
        return (problem.sentence, *problem.details), False
    return (), False


def _up(stack: Stack) -> None:
    with Progress() as progress:
        stack.runner.up(progress, within=budget(stack.project.config, stack.subject.start_seconds))


def _starts(stack: Stack) -> dict[str, datetime]:
    """{service: when its container started}, without those that never did (in year 1, says Docker)."""
    starts = {name: container.state.started_at for name, container in stack.runner.containers().items()}
    return {name: at for name, at in starts.items() if at and at.year > 1}
