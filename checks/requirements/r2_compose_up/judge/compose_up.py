"""What is asked of a Compose file that brings everything up."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from ipaddress import ip_address
from typing import Literal

from checks.core.image_reference import is_pinned
from checks.core.place import Place, Places, first_of
from checks.core.registry import judges
from checks.core.verdict import Violation

EVERYWHERE = "0.0.0.0"  # noqa: S104 - what Docker takes a port for that is published without an address
SILENT = "does not answer"
RULES = {"nothing": "up-from-nothing", "restart": "restart-comes-back", "down": "down-up-comes-back"}


@dataclass(frozen=True, kw_only=True)
class CameUp:
    """What became of the services that are to go on running when they were to come up.

    `before` is what there was of the project just before (not asked of a restart), `said` is Docker's complaint where
    it had one, `anew` whether each was started meanwhile, `phases` how many seconds it took. Where it did not come up
    `for_good`, more time would not have helped.
    """

    after: Literal["nothing", "restart", "down"]
    before: tuple[str, ...]
    said: tuple[str, ...]
    health: Mapping[str, str]
    anew: Mapping[str, bool]
    phases: Mapping[str, float]
    for_good: bool = False


@judges(CameUp)
def coming_violations(seen: CameUp) -> list[Violation]:
    rule = RULES[seen.after]
    if seen.before:
        return [Violation(rule, seen=list(seen.before), wanted="nothing of it there before")]
    late = not seen.for_good
    if seen.said:
        return [Violation(rule, seen=list(seen.said), wanted="every service healthy", late=late)]
    if unwell := {name: health for name, health in seen.health.items() if health != "healthy"}:
        return [Violation(rule, seen=unwell, wanted="healthy", late=late)]
    old = [name for name in seen.health if not seen.anew.get(name)]
    if old or not seen.health:
        return [Violation(rule, seen=f"not started: {', '.join(old) or 'nothing was'}", wanted="every service")]
    return []


@dataclass(frozen=True, kw_only=True)
class Configured:
    """What `docker compose config` warned of, and the image of each service as it says it.

    It is '' where it is built here and has no name of its own: that refers to no image that somebody else could change.
    """

    warnings: tuple[str, ...]
    images: Mapping[str, str]
    places: Places = field(default_factory=dict)
    warned_at: Place | None = None  # of the first warning whose line is known


@judges(Configured)
def configuration_violations(seen: Configured) -> list[Violation]:
    found = []
    if seen.warnings or not seen.images:
        told, place = list(seen.warnings) or "no service", seen.warned_at
        found.append(Violation("config-without-warning", seen=told, wanted="none", place=place))
    unversioned = {name: one for name, one in seen.images.items() if one and not is_pinned(one)}
    if unversioned or not (seen.images or seen.warnings):  # what does not resolve names no image, either
        wanted = "a digest, or a tag with the program's version"
        place = first_of(seen.places, unversioned)
        found.append(Violation("images-carry-versions", seen=unversioned, wanted=wanted, place=place))
    return found


@dataclass(frozen=True, kw_only=True)
class Port:
    """A port of a service's container (`5000/tcp`) that is published on an address of the machine."""

    service: str
    port: str
    address: str


@dataclass(frozen=True, kw_only=True)
class Published:
    """What the Compose file publishes on this machine, and which of its services are on the machine's own network.

    Services that only a profile brings up are among them. Swarm cannot keep a port to an address.
    """

    redis: str
    services: tuple[str, ...]
    ports: tuple[Port, ...]
    exposed: tuple[str, ...]
    by: Literal["compose", "swarm"] = "compose"
    places: Places = field(default_factory=dict)


@judges(Published)
def published_violations(seen: Published) -> list[Violation]:
    found = []
    wrong = [*_off_loopback(seen.ports)] if seen.by == "compose" else []
    if wrong or not seen.services:
        place = first_of(seen.places, (port.service for port in seen.ports if not is_loopback(port.address)))
        told = wrong or "no service"
        found.append(Violation("published-on-loopback-only", seen=told, wanted="on loopback alone", place=place))
    if more := [*_on_own_network(seen.exposed)]:
        place = first_of(seen.places, seen.exposed)
        found.append(Violation("nothing-else-published", seen=more, wanted="what the Compose file names", place=place))
    return found + [replace(one, place=seen.places.get(seen.redis)) for one in _redis_published(seen.redis, seen.ports)]


@dataclass(frozen=True, kw_only=True)
class Knock:
    """A connection to a published port tried on an address of the machine."""

    service: str
    address: str
    answered: bool


@dataclass(frozen=True, kw_only=True)
class Reachable:
    """What of the stack is to be reached on this machine.

    `declared` is what the copy's Compose file publishes but for its own loopback ports, `running` what its containers
    do, `profiled` what services would that only a profile brings up. `exposed` names the services on the machine's own
    network, those of a profile too. Each published TCP port was knocked at on every address. What Swarm publishes
    answers on each of them.
    """

    redis: str
    by: Literal["compose", "swarm"] = "compose"
    declared: tuple[Port, ...]
    profiled: tuple[Port, ...] = ()
    running: tuple[Port, ...]
    exposed: tuple[str, ...]
    knocks: tuple[Knock, ...]


@judges(Reachable)
def reach_violations(seen: Reachable) -> list[Violation]:
    found = []
    if wrong := [*_beside_loopback(seen)] if seen.by == "compose" else []:
        late = all(SILENT in one for one in wrong)
        found.append(Violation("published-on-loopback-only", seen=wrong, wanted="on loopback alone", late=late))
    named = {(port.service, port.port) for port in seen.declared}
    more = [f"{port.service} {port.port}" for port in seen.running if (port.service, port.port) not in named]
    if more := [*more, *_on_own_network(seen.exposed)]:
        found.append(Violation("nothing-else-published", seen=more, wanted="what the Compose file names"))
    return found + _redis_published(seen.redis, (*seen.declared, *seen.running))


@dataclass(frozen=True, kw_only=True)
class Privileges:
    """What the services may do to the machine: 'api privileged: True', by Compose's keys.

    `asked` says of whom it was: of the files, or of Docker for what runs, where only services of a profile are told by
    files. `watching` are those of services that are there to look at the machine.
    """

    asked: Literal["files", "containers"]
    services: tuple[str, ...]
    held: tuple[str, ...]
    watching: tuple[str, ...]


@judges(Privileges)
def privilege_violations(seen: Privileges) -> list[Violation]:
    if seen.services and not seen.held:
        return []
    told = list(seen.held) or "no service was looked at"
    return [Violation("no-dangerous-privileges", seen=told, wanted="no power over the machine")]


@dataclass(frozen=True, kw_only=True)
class Difference:
    """What stands at a place of the original and of the copy; `why` says what excuses it, '' if nothing does."""

    place: str
    original: str
    copy: str
    why: str = ""


@dataclass(frozen=True, kw_only=True)
class AgainstOriginal:
    """The copy that is judged, against the project where it stands, under its own name and with its own `.env`.

    `files` are the Compose files that a plain `up` merges there, `profiled` the services that only a profile brings up,
    `prepared` what was run in the copy. `settings` and `copied` tell how many settings and files were compared.
    """

    project: str
    files: tuple[str, ...]
    profiled: tuple[str, ...]
    prepared: str
    settings: int
    copied: int
    differences: tuple[Difference, ...]


@judges(AgainstOriginal)
def original_violations(seen: AgainstOriginal) -> list[Violation]:
    wrong = [f"{one.place}: {one.original} there, {one.copy} here" for one in seen.differences if not one.why]
    if seen.settings and seen.copied and not wrong:
        return []
    told = wrong or "nothing was compared"
    return [Violation("copy-as-the-original", seen=told, wanted="the same where the project stands")]


def _redis_published(redis: str, ports: Iterable[Port]) -> list[Violation]:
    places = [f"{port.address}:{port.port}" for port in ports if port.service == redis]
    return [Violation("redis-on-no-host-port", seen=places, wanted="none")] if places else []


def _on_own_network(services: Iterable[str]) -> Iterator[str]:
    yield from (f"{service} on the machine's network" for service in services)


def _off_loopback(ports: Iterable[Port]) -> Iterator[str]:
    yield from (
        f"{port.service} {port.port} is published on {port.address}" for port in ports if not is_loopback(port.address)
    )


def _beside_loopback(seen: Reachable) -> Iterator[str]:
    yield from _off_loopback((*seen.declared, *seen.profiled, *seen.running))
    for knock in seen.knocks:
        if knock.answered != is_loopback(knock.address):
            yield f"{knock.service} {'answers' if knock.answered else SILENT} on {knock.address}"
    tried = {is_loopback(knock.address) for knock in seen.knocks}
    published = any(port.port.endswith("/tcp") for port in (*seen.declared, *seen.running))
    if published and tried != {True, False}:  # what publishes nothing is not to be reached
        yield "nothing was tried on loopback, or nothing beside it"


def is_loopback(address: str) -> bool:
    return ip_address(address).is_loopback
