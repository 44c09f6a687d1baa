"""What Swarm makes of a Compose file: keys that it refuses or passes over, and services that wait for others."""

from collections.abc import Iterator, Mapping, Sequence

from checks.core.place import Places
from checks.core.verdict import NotApplicableError
from checks.requirements.r2_compose_up.judge.swarm import PassedOver, StackKeys, Waiting
from checks.subject import on_swarm
from checks.subject.stack import Files
from stack.driver.project import Config
from stack.driver.swarm.keys import ANY, IGNORED, refused, restarts
from stack.driver.swarm.service import CONDITIONS

STARTED = "service_started"  # what a list means, which is the form that Swarm takes
HARMLESS = {"expose"}  # says what others may do anyway


def read_stack_keys(files: Files) -> StackKeys:
    """The keys of each service; what the docker command says is asked where they do not tell it all already."""
    services = on_swarm.services(files)
    found = {name: keys for name, spec in services.items() if (keys := (*_refused(spec),))}
    return StackKeys(
        services=tuple(services),
        refused=found,
        said="" if found else on_swarm.refusal(files),
        places=_places(files, found),
    )


def read_passed_over(files: Files) -> PassedOver:
    services = on_swarm.services(files)
    found = {name: keys for name, spec in services.items() if (keys := (*_ignored(name, spec),))}
    return PassedOver(
        services=tuple(services),
        ignored=found,
        untranslated=tuple(on_swarm.lost(files)),
        places=_places(files, found),
    )


def read_waiting(files: Files) -> Waiting:
    """Those that wait, by the Compose file; what becomes of them, by the stack file."""
    waiting = {name: spec for name, spec in on_swarm.services(files).items() if files.services[name].get("depends_on")}
    if not waiting:
        raise NotApplicableError("no service waits for another")
    return Waiting(
        restarts={name: restarts(spec) for name, spec in waiting.items()},
        places=files.places(waiting, "deploy", "restart_policy"),
    )


def _places(files: Files, found: Mapping[str, Sequence[str]]) -> Places:
    """Where the first key of each service stands."""
    return {name: place for name, keys in found.items() for place in files.places([name], keys[0]).values()}


def _refused(spec: Config) -> Iterator[str]:
    yield from refused(spec)
    if not spec.get("image"):
        yield "build"
    if any(how.get("condition", STARTED) != STARTED for how in (spec.get("depends_on") or {}).values()):
        yield "depends_on"


def _ignored(name: str, spec: Config) -> Iterator[str]:
    """What is passed over, but for what Swarm does anyway, and for what other rules are about."""
    same = {
        "build": True,
        "container_name": spec.get("container_name") == name,
        "links": all(one.partition(":")[2] in {"", one.partition(":")[0]} for one in spec.get("links") or ()),
        "network_mode": spec.get("network_mode") == "default",
        "restart": _restarted_alike(spec),
    }
    yield from (key for key in sorted(IGNORED - HARMLESS) if spec.get(key) and not same.get(key))


def _restarted_alike(spec: Config) -> bool:
    """A policy under `deploy` goes before `restart` with Compose as well."""
    policy = str(spec.get("restart") or "").partition(":")[0]
    return bool((spec.get("deploy") or {}).get("restart_policy")) or CONDITIONS.get(policy) == ANY
