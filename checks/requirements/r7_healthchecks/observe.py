"""Read every probe, freeze every service, and follow what Docker says."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import replace
from datetime import datetime, timedelta

from checks.core.bounds import DETECTION_SLACK
from checks.core.place import Places
from checks.faults import container, credentials, process
from checks.requirements.r7_healthchecks.judge import Fault, Probe, Probes, Reported
from checks.requirements.r7_healthchecks.probe_passwords import passwords_on, without_passwords
from checks.roles.every_redis import ports_for_others
from checks.subject.health_checks import declared_check, declared_test, may_be_in_image
from checks.subject.roles import Role
from checks.subject.stack import Files, Stack
from stack.driver import wait
from stack.driver.errors import NothingThereError, SubjectError
from stack.driver.events import Event
from stack.driver.healthcheck import HealthCheck
from stack.driver.runners.protocol import all_well

RESTART_SECONDS = 20.0  # enough for a healer that was frozen as well, and waits out a stop timeout
RED = "health_status: unhealthy"
Broken = Mapping[str, AbstractContextManager[datetime]]
"""{service: its fault, which takes hold when it is entered, and tells when that was}."""


def look_at_probes(stack: Stack) -> Probes:
    """The health checks that the engine has."""
    checks = {name: stack.runner.health_check(name) for name in stack.project.services}
    ports = {name for name in checks if ports_for_others(stack, name)}
    return _probes(checks, stack.secrets(), ports)


def read_probes(files: Files) -> Probes:
    """The health checks that the Compose file declares, or the Dockerfile of a service that is built here."""
    checks = {name: declared_check(files.services[name]) for name in files.project.services}
    ports = {name for name in checks if files.services[name].get("ports") or files.services[name].get("expose")}
    played = {service for role in files.roles.findings for service in files.candidates(role)}
    found = _probes(checks, files.secrets_there(), ports | played)
    unseen = tuple(name for name in checks if may_be_in_image(files.services[name]))
    return replace(found, places=_places(files), unseen=unseen)


def require_all_seen(seen: Probes) -> None:
    """Raises SubjectError where a health check may stand in an image that files do not show."""
    if seen.unseen:
        names = ", ".join(f"`{name}`" for name in seen.unseen)
        raise SubjectError(f"no file gives {names} a health check, and the images from elsewhere may bring one")


def _places(files: Files) -> Places:
    """Where the Compose files say the health checks; not of those that a Dockerfile says."""
    told = [name for name, spec in files.services.items() if "healthcheck" in spec or not declared_test(spec)]
    return files.places(told, "healthcheck", "test")


def _probes(checks: Mapping[str, HealthCheck], secrets: Mapping[str, str], listening: Collection[str]) -> Probes:
    return Probes(
        probes=tuple(
            Probe(
                service=name,
                test=without_passwords(check.test, secrets),
                passwords=passwords_on(check.test, secrets),
                listens=name in listening,
                bound_s=check.detection_bound if check.test else 0.0,
                start_s=check.start_period if check.test else 0.0,
            )
            for name, check in checks.items()
        )
    )


def freeze(stack: Stack, services: Collection[str]) -> list[Reported]:
    """Freeze these services, which do not depend on one another, until Docker has found out about each."""
    return _followed(stack, dict.fromkeys(services, "frozen"), {name: process.frozen(stack, name) for name in services})


def silence(stack: Stack, services: Collection[str]) -> list[Reported]:
    """The same by a hang (ports open, process alive, no answer) for each that plays a role and listens.

    Of others it is not known that their health check asks over TCP, so that they are frozen: that stops all ways.
    """
    tried = dict[str, Fault]()
    return _followed(stack, tried, {name: _silent(stack, name, tried) for name in services})


@contextmanager
def _silent(stack: Stack, service: str, tried: dict[str, Fault]) -> Iterator[datetime]:
    with ExitStack() as entered:
        since = _hung(stack, service, entered)
        tried[service] = "hung" if since else "frozen"
        yield since or entered.enter_context(process.frozen(stack, service))


def _hung(stack: Stack, service: str, entered: ExitStack) -> datetime | None:
    """Since when it hangs; None for one that is not to be, or that listens on no port."""
    if service not in stack.roles.values():
        return None
    try:
        return entered.enter_context(container.hung(stack, service))
    except NothingThereError:
        return None


def revoke_credentials(stack: Stack) -> list[Reported]:
    """Put a wrong password where Redis' health check finds its own, until Docker has found out."""
    service = stack.roles[Role.REDIS]
    revoked = {service: credentials.revoked(stack, service, "health")}
    return _followed(stack, {service: "credentials revoked"}, revoked)


def _followed(stack: Stack, faults: Mapping[str, Fault], broken: Broken) -> list[Reported]:
    """What the engine says of each before its fault, while it lasts, and when all is put back."""
    stack.runner.wait_until_healthy()
    before = {name: stack.runner.state(name).health for name in broken}
    bounds = {name: stack.runner.health_check(name).detection_bound for name in stack.project.services}
    red = _until_red(stack, broken, within=max(bounds[name] for name in broken) + DETECTION_SLACK)
    again = wait.until(stack.runner.status, all_well, within=max(bounds.values()) + RESTART_SECONDS, every=0.25)
    green = {name: round(again.seconds, 3) for name in broken if again.value[name].health == "healthy"}
    return [
        Reported(
            service=name,
            fault=faults[name],
            before=before[name],
            phases={phase: seen[name] for phase, seen in (("detect", red), ("recover", green)) if name in seen},
            bound_s=bounds[name],
        )
        for name in broken
    ]


def _until_red(stack: Stack, broken: Broken, *, within: float) -> dict[str, float]:
    """{service: seconds from its fault to `unhealthy`}; all are put back when each was found, or the time is over."""
    with ExitStack() as entered:
        events = {name: entered.enter_context(stack.runner.events(name, "health_status")) for name in broken}
        since = {name: entered.enter_context(fault) for name, fault in broken.items()}

        def found() -> dict[str, float]:
            return {name: seconds for name in broken if (seconds := _until(RED, events[name], since[name]))}

        return wait.until(found, lambda seen: len(seen) == len(broken), within=within).value


def _until(action: str, events: Sequence[Event], since: datetime) -> float | None:
    seconds = [(one.at - since) / timedelta(seconds=1) for one in events if one.action == action and one.at >= since]
    return round(seconds[0], 3) if seconds else None


def dependency_layers(depends_on: Mapping[str, Collection[str]]) -> list[list[str]]:
    """Services that can be broken together: no one in a layer depends on another in it, through others or not.

    Whatever is then found of one, it is not for what was done to another.
    """
    needs = {name: _all_it_needs(name, depends_on) for name in depends_on}
    found: list[list[str]] = []
    for name in depends_on:
        apart = [layer for layer in found if not any(name in needs[other] or other in needs[name] for other in layer)]
        if apart:
            apart[0].append(name)
        else:
            found.append([name])
    return found


def _all_it_needs(service: str, depends_on: Mapping[str, Collection[str]]) -> set[str]:
    found: set[str] = set()
    ahead = list(depends_on[service])
    while ahead:
        name = ahead.pop()
        if name not in found:
            found.add(name)
            ahead += depends_on.get(name, ())
    return found


def dependencies(stack: Stack) -> dict[str, list[str]]:
    return {
        name: list(stack.project.config["services"][name].get("depends_on") or ()) for name in stack.project.services
    }
