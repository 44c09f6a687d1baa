"""What is asked of a Compose file that Swarm takes."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from checks.core.place import Places, first_of
from checks.core.registry import judges
from checks.core.verdict import Violation

UNTIL_IT_COMES = {"any", "on-failure"}  # restart conditions, without a limit of tries


@dataclass(frozen=True, kw_only=True)
class StackKeys:
    """Which keys of services a stack file must not have, and what the docker command says against it, '' if nothing.

    A service without an image has the key `build` among them.
    """

    services: tuple[str, ...]
    refused: Mapping[str, tuple[str, ...]]
    said: str
    places: Places = field(default_factory=dict)


@judges(StackKeys)
def stack_key_violations(seen: StackKeys) -> list[Violation]:
    rule, wanted = "swarm-refuses-no-key", "a file that `docker stack deploy` takes"
    if seen.refused or not seen.services:
        told = {name: list(keys) for name, keys in seen.refused.items()} or "no service"
        return [Violation(rule, seen=told, wanted=wanted, place=first_of(seen.places, seen.refused))]
    return [Violation(rule, seen=seen.said, wanted=wanted)] if seen.said else []


@dataclass(frozen=True, kw_only=True)
class PassedOver:
    """What services say that Swarm passes over, and that makes them something else: {service: its keys}.

    `untranslated` is what was left out where the stack file is rendered, which tells of it at its head.
    """

    services: tuple[str, ...]
    ignored: Mapping[str, tuple[str, ...]]
    untranslated: tuple[str, ...]
    places: Places = field(default_factory=dict)


@judges(PassedOver)
def passed_over_violations(seen: PassedOver) -> list[Violation]:
    if seen.services and not seen.ignored:
        return []
    told = {name: list(keys) for name, keys in seen.ignored.items()} or "no service"
    wanted, place = "what Swarm does as well", first_of(seen.places, seen.ignored)
    return [Violation("swarm-ignores-no-key", seen=told, wanted=wanted, place=place)]


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """{service that waits for others in the Compose file: what Swarm does when it ends}."""

    restarts: Mapping[str, str]
    places: Places = field(default_factory=dict)


@judges(Waiting)
def waiting_violations(seen: Waiting) -> list[Violation]:
    given_up = {name: how for name, how in seen.restarts.items() if how not in UNTIL_IT_COMES}
    if seen.restarts and not given_up:
        return []
    wanted, place = "started again until what it waits for is there", first_of(seen.places, given_up)
    return [Violation("swarm-tries-again", seen=given_up or "no service that waits", wanted=wanted, place=place)]
