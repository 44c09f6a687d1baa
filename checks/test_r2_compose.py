"""R2: one Compose file brings everything up from nothing, and nothing but what it names is to be reached."""

import re
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from ipaddress import IPv6Address, ip_address
from pathlib import Path
from typing import Literal

import pytest

from checks.core.evidence import Evidence
from checks.core.verdict import Violation, judges
from checks.harness.fixtures import Broken
from checks.subject.profile import Role
from stack.driver.errors import NotHealthyError, StackError, SubjectError
from stack.driver.progress import Board
from stack.driver.project import Stack

KNOCK_SECONDS = 1.0
EVERYWHERE = "0.0.0.0"  # noqa: S104 - what Docker takes a port for that is published without an address
RULES = {"nothing": "up-from-nothing", "restart": "restart-comes-back", "down": "down-up-comes-back"}
DATA = ("*.aof", "*.rdb")
LOCAL_IPV4 = re.compile(r"\|-- (\S+)\n\s+/32 host LOCAL")


@dataclass(frozen=True, kw_only=True)
class CameUp:
    """What became of the services that are to go on running when they were to come up.

    `before` is what there was of the project just before (not asked of a restart), `said` is Docker's complaint where
    it had one, `anew` whether each was started meanwhile, `phases` how many seconds it took.
    """

    after: Literal["nothing", "restart", "down"]
    before: tuple[str, ...]
    said: tuple[str, ...]
    health: Mapping[str, str]
    anew: Mapping[str, bool]
    phases: Mapping[str, float]


@judges(CameUp)
def coming_violations(seen: CameUp) -> list[Violation]:
    rule = RULES[seen.after]
    if seen.before:
        return [Violation(rule, seen=list(seen.before), wanted="nothing of it there before")]
    if seen.said:
        return [Violation(rule, seen=list(seen.said), wanted="every service healthy")]
    if unwell := {name: health for name, health in seen.health.items() if health != "healthy"}:
        return [Violation(rule, seen=unwell, wanted="healthy")]
    old = [name for name in seen.health if not seen.anew.get(name)]
    if old or not seen.health:
        return [Violation(rule, seen=f"not started: {', '.join(old) or 'nothing was'}", wanted="every service")]
    return []


@dataclass(frozen=True, kw_only=True)
class Configured:
    """What `docker compose config` warned of, and the image of each service as it says it ('' if only built)."""

    warnings: tuple[str, ...]
    images: Mapping[str, str]


@judges(Configured)
def configuration_violations(seen: Configured) -> list[Violation]:
    found = []
    if seen.warnings or not seen.images:
        found.append(Violation("config-without-warning", seen=list(seen.warnings) or "no service", wanted="none"))
    unversioned = {name: reference for name, reference in seen.images.items() if not has_version(reference)}
    if unversioned or not seen.images:
        found.append(Violation("images-carry-versions", seen=unversioned, wanted="a tag with a number, or a digest"))
    return found


@dataclass(frozen=True, kw_only=True)
class Port:
    """A port of a service's container (`5000/tcp`) that is published on an address of the machine."""

    service: str
    port: str
    address: str


@dataclass(frozen=True, kw_only=True)
class Knock:
    """A connection to a published port tried on an address of the machine."""

    service: str
    address: str
    answered: bool


@dataclass(frozen=True, kw_only=True)
class Reachable:
    """What of the stack is to be reached on this machine.

    `declared` is what the Compose file publishes where it stands, `running` what the containers of the copy do.
    `exposed` names the services on the machine's own network. Each published TCP port was knocked at on every address.
    """

    redis: str
    declared: tuple[Port, ...]
    running: tuple[Port, ...]
    exposed: tuple[str, ...]
    knocks: tuple[Knock, ...]


@judges(Reachable)
def reach_violations(seen: Reachable) -> list[Violation]:
    found = []
    if wrong := [*_beside_loopback(seen)]:
        found.append(Violation("published-on-loopback-only", seen=wrong, wanted="on loopback alone"))
    named = {(port.service, port.port) for port in seen.declared}
    more = [f"{port.service} {port.port}" for port in seen.running if (port.service, port.port) not in named]
    more += [f"{service} on the machine's network" for service in seen.exposed]
    if more:
        found.append(Violation("nothing-else-published", seen=more, wanted="what the Compose file names"))
    if redis := [
        f"{port.address}:{port.port}" for port in (*seen.declared, *seen.running) if port.service == seen.redis
    ]:
        found.append(Violation("redis-on-no-host-port", seen=redis, wanted="none"))
    return found


def _beside_loopback(seen: Reachable) -> Iterator[str]:
    for port in (*seen.declared, *seen.running):
        if not _is_loopback(port.address):
            yield f"{port.service} {port.port} is published on {port.address}"
    for knock in seen.knocks:
        if knock.answered != _is_loopback(knock.address):
            yield f"{knock.service} {'answers' if knock.answered else 'does not answer'} on {knock.address}"
    tried = {_is_loopback(knock.address) for knock in seen.knocks}
    if tried != {True, False}:
        yield "nothing was tried on loopback, or nothing beside it"


def has_version(reference: str) -> bool:
    """Whether an image is named with a digest, or a tag with a number in it: `latest` and `stable` have none."""
    tag = reference.rpartition("/")[2].partition(":")[2]
    return "@sha256:" in reference or any(letter.isdigit() for letter in tag)


def come_up_from_nothing(stack: Stack) -> CameUp:
    """Start a stack that is ready and was never started. Raises SubjectError where its copy came with earlier data."""
    if data := [str(path.relative_to(stack.directory)) for name in DATA for path in stack.directory.rglob(name)]:
        raise SubjectError(
            f"the copy has earlier data in it ({data[0]}), so that it does not come up from nothing",
            hint="name its directory in `leave_out` of the profile",
        )
    return _came_up(stack, "nothing", stack.traces(), {}, lambda: _up(stack))


def restart_all(stack: Stack) -> CameUp:
    """Restart every service at once."""
    return _came_up(stack, "restart", (), _starts(stack), lambda: stack.restart(*stack.services))


def take_down_and_up(stack: Stack) -> CameUp:
    """Remove containers and networks, not the volumes, and bring all up again."""
    starts = _starts(stack)
    stack.down()
    left = tuple(one for one in stack.traces() if not one.startswith("volume"))
    return _came_up(stack, "down", left, starts, lambda: _up(stack))


def read_configuration(stack: Stack) -> Configured:
    images = {name: str(spec.get("image") or "") for name, spec in stack.config["services"].items()}
    return Configured(warnings=stack.warnings(), images=images)


def knock_everywhere(stack: Stack) -> Reachable:
    """Read what is published, and try every published port on each address of this machine."""
    published = [*stack.published()]
    declared = [
        Port(
            service=name,
            port=f"{port['target']}/{port.get('protocol', 'tcp')}",
            address=port.get("host_ip", EVERYWHERE),
        )
        for name, spec in stack.declared["services"].items()
        for port in spec.get("ports") or ()
    ]
    addresses = ["127.0.0.1", *own_addresses()]
    return Reachable(
        redis=stack.roles[Role.REDIS],
        declared=tuple(declared),
        running=tuple(Port(service=one.service, port=one.port, address=one.address) for one in published),
        exposed=tuple(name for name, spec in stack.config["services"].items() if spec.get("network_mode") == "host"),
        knocks=tuple(
            Knock(service=one.service, address=address, answered=_answers(address, one.host_port))
            for one in published
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
    return [one for one in (*ipv4, *ipv6) if not _is_loopback(one) and not ip_address(one).is_link_local]


def _is_loopback(address: str) -> bool:
    return ip_address(address).is_loopback


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
        health={name: glance.health for name, glance in stack.glance().items()},
        anew={name: name in now and now[name] != starts.get(name) for name in stack.services},
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
        _ = stack.images  # raises ImageError where one is not here
        return (problem.sentence, *problem.details)
    return ()


def _up(stack: Stack) -> None:
    with Board() as board:
        stack.up(board)


def _starts(stack: Stack) -> dict[str, datetime]:
    """{service: when its container started}, without those that never did (in year 1, says Docker)."""
    starts = {name: container.state.started_at for name, container in stack.containers().items()}
    return {name: at for name, at in starts.items() if at and at.year > 1}


@pytest.mark.requirement("R2")
def test_all_comes_up_from_nothing(unstarted: Broken, evidence: Evidence) -> None:
    assert coming_violations(evidence.saw(come_up_from_nothing(unstarted(lambda _: None)))) == []


@pytest.mark.requirement("R2")
def test_all_comes_back_after_a_restart(stack: Stack, evidence: Evidence) -> None:
    assert coming_violations(evidence.saw(restart_all(stack))) == []


@pytest.mark.requirement("R2")
def test_all_comes_back_after_down_and_up(stack: Stack, evidence: Evidence) -> None:
    assert coming_violations(evidence.saw(take_down_and_up(stack))) == []


@pytest.mark.requirement("R2")
def test_the_compose_file_is_without_warnings_and_names_versions(stack: Stack, evidence: Evidence) -> None:
    assert configuration_violations(evidence.saw(read_configuration(stack))) == []


@pytest.mark.requirement("R2")
def test_only_what_is_published_is_to_be_reached_and_only_on_loopback(stack: Stack, evidence: Evidence) -> None:
    assert reach_violations(evidence.saw(knock_everywhere(stack))) == []
