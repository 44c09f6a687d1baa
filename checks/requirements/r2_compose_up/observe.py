"""Bring a stack up from nothing, and knock at every port."""

import re
import socket
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from ipaddress import IPv6Address, ip_address
from pathlib import Path
from typing import Literal

from checks.requirements.r2_compose_up.judge import EVERYWHERE, CameUp, Configured, Knock, Port, Reachable, is_loopback
from checks.subject.roles import Role
from checks.subject.stack import Stack
from stack.driver.containers import published
from stack.driver.errors import NotHealthyError, StackError, SubjectError
from stack.driver.progress import Progress

KNOCK_SECONDS = 1.0
DATA = ("*.aof", "*.rdb")
LOCAL_IPV4 = re.compile(r"\|-- (\S+)\n\s+/32 host LOCAL")


def come_up_from_nothing(stack: Stack) -> CameUp:
    """Start a stack that is ready and was never started. Raises SubjectError where its copy came with earlier data."""
    if data := [
        str(path.relative_to(stack.project.directory)) for name in DATA for path in stack.project.directory.rglob(name)
    ]:
        raise SubjectError(
            f"the copy has earlier data in it ({data[0]}), so that it does not come up from nothing",
            hint="name its directory in `leave_out` of the profile",
        )
    return _came_up(stack, "nothing", stack.runner.leftovers(), {}, lambda: _up(stack))


def restart_all(stack: Stack) -> CameUp:
    """Restart every service at once."""
    return _came_up(stack, "restart", (), _starts(stack), lambda: stack.runner.restart(*stack.project.services))


def take_down_and_up(stack: Stack) -> CameUp:
    """Remove containers and networks, not the volumes, and bring all up again."""
    starts = _starts(stack)
    stack.runner.down()
    left = tuple(one for one in stack.runner.leftovers() if not one.startswith("volume"))
    return _came_up(stack, "down", left, starts, lambda: _up(stack))


def read_configuration(stack: Stack) -> Configured:
    images = {name: str(spec.get("image") or "") for name, spec in stack.project.config["services"].items()}
    return Configured(warnings=stack.project.warnings(), images=images)


def knock_everywhere(stack: Stack) -> Reachable:
    """Read what is published, and try every published port on each address of this machine."""
    found = [*published(stack.runner.containers())]
    declared = [
        Port(
            service=name,
            port=f"{port['target']}/{port.get('protocol', 'tcp')}",
            address=port.get("host_ip", EVERYWHERE),
        )
        for name, spec in stack.project.declared["services"].items()
        for port in spec.get("ports") or ()
    ]
    addresses = ["127.0.0.1", *own_addresses()]
    return Reachable(
        redis=stack.roles[Role.REDIS],
        declared=tuple(declared),
        running=tuple(Port(service=one.service, port=one.port, address=one.address) for one in found),
        exposed=tuple(
            name for name, spec in stack.project.config["services"].items() if spec.get("network_mode") == "host"
        ),
        knocks=tuple(
            Knock(service=one.service, address=address, answered=_answers(address, one.host_port))
            for one in found
            if one.port.endswith("/tcp")
            for address in addresses
        ),
    )


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
    said = _complaint(stack, bring_up)
    seconds, now = round(time.monotonic() - began, 3), _starts(stack)
    return CameUp(
        after=after,
        before=before,
        said=said,
        health={name: glance.health for name, glance in stack.runner.status().items()},
        anew={name: name in now and now[name] != starts.get(name) for name in stack.project.services},
        phases={"up": seconds},
    )


def _complaint(stack: Stack, bring_up: Callable[[], None]) -> tuple[str, ...]:
    """What Docker said, if the services did not come up for a reason of the project's own.

    A full disk, a port taken by others or an image that is not to be had here is none: it raises StackError.
    """
    try:
        bring_up()
    except NotHealthyError as problem:
        return (problem.sentence, *problem.details)
    except StackError as problem:
        if type(problem) is not StackError:
            raise
        _ = stack.runner.images  # raises ImageError where one is not here
        return (problem.sentence, *problem.details)
    return ()


def _up(stack: Stack) -> None:
    with Progress() as progress:
        stack.runner.up(progress)


def _starts(stack: Stack) -> dict[str, datetime]:
    """{service: when its container started}, without those that never did (in year 1, says Docker)."""
    starts = {name: container.state.started_at for name, container in stack.runner.containers().items()}
    return {name: at for name, at in starts.items() if at and at.year > 1}
