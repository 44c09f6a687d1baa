"""Changes to files that have a project keep the rules of R7."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path

from checks.core import image_reference
from checks.core.verdict import Violation
from checks.roles.redis.configuration import given, lets_anybody_in
from checks.subject import yaml_edit
from checks.subject.draft import Draft, NoPatchError, by_name, remedies
from checks.subject.image_recipe import recipe_of
from checks.subject.roles import Role
from checks.subject.stack import Files

VAIN = re.compile(r"\s*(?:\|\||;)\s*(?:true|:|exit 0)(?=\s*[\"'\]}]*\s*$)")
SENSES = (  # (a client that takes an error for an answer, the same that does not), in a line and in a list
    (re.compile(r"\bcurl (?!.*(?:-f\b|--fail))"), "curl --fail "),
    (re.compile(r"([\"'])curl\1,(?!.*(?:-f\b|--fail))"), '"curl", "--fail",'),
    (re.compile(r"\b((?:redis|valkey)-cli) (?!.*-e\b)"), r"\1 -e "),
    (re.compile(r"([\"'])((?:redis|valkey)-cli)\1,(?!.*[\"']-e[\"'])"), r'"\2", "-e",'),
)
IN_PYTHON = "import urllib.request as r; r.urlopen('http://127.0.0.1:{port}{route}', timeout=2)"
IN_NODE = "fetch('http://127.0.0.1:{port}{route}').then(r => process.exit(r.ok ? 0 : 1), () => process.exit(1))"
LOGIN = ("REDISCLI_AUTH", "--user", "-a ", '"-a"')
OWN_DOORS = ("port", "tls-port", "requirepass", "aclfile", "unixsocket")  # settings with which a plain ping is refused


@remedies("has-a-health-check")
def give_health_checks(draft: Draft, violation: Violation) -> None:
    for service in _without(violation, draft):
        test = json.dumps(probe_of(draft.files, service))
        draft.set(service, "healthcheck", f"{{ test: {test}, interval: 5s, timeout: 3s, retries: 3 }}")


def _without(violation: Violation, draft: Draft) -> Iterable[str]:
    """`none: api, redis (the images of ...)`."""
    named = str(violation.seen).removeprefix("none: ").partition(" (")[0].split(", ")
    return [name for name in named if name in draft.files.services]


@remedies("check-can-fail", "check-sees-errors", "check-asks-the-service")
def have_the_check_tell(draft: Draft, violation: Violation) -> None:
    """The least change to its command where one is known, else another in its place."""
    for service in by_name(violation):
        holding = draft.holding("services", service, "healthcheck", "test")
        if not holding:
            raise NoPatchError(f"the health check of `{service}` is written elsewhere, as in its Dockerfile")
        _mend(draft, holding[-1], service)


def _mend(draft: Draft, path: Path, service: str) -> None:
    text = draft.text(path)
    node = yaml_edit.node_at(text, ("services", service, "healthcheck", "test"))
    if node is None:
        raise NoPatchError(f"the health check of `{service}` is written elsewhere")
    written = yaml_edit.written(text, node)
    _require_a_login(draft.files, service, written)
    changed = mended(written)
    if changed == written:
        changed = json.dumps(probe_of(draft.files, service))
    draft.write(path, yaml_edit.replaced(text, node, changed))


def _require_a_login(files: Files, service: str, written: str) -> None:
    """Raises NoPatchError for a Redis that refuses a check without a login: now it passes, and then never would."""
    anybody = service not in files.candidates(Role.REDIS) or lets_anybody_in(files, service)
    if not anybody and not any(sign in written for sign in LOGIN):
        raise NoPatchError(f"the check of `{service}` is to log in, and as whom only its owner knows")


def mended(written: str) -> str:
    """A command as it is written, with a status that tells."""
    written = VAIN.sub(" || exit 1", written)
    for deaf, hearing in SENSES:
        written = deaf.sub(hearing, written)
    return written


@remedies("found-within-minutes")
def ask_more_often(draft: Draft, violation: Violation) -> None:
    for service in by_name(violation):
        draft.probe_sooner(service)


def probe_of(files: Files, service: str) -> list[str]:
    """A health check that asks a service what it is there for; raises NoPatchError where that is not known."""
    if service in files.candidates(Role.REDIS):
        return _of_redis(files, service)
    if service in files.candidates(Role.PROMETHEUS):
        return ["CMD", "promtool", "check", "healthy", "--url=http://127.0.0.1:9090"]
    if service in files.candidates(Role.API):
        return _of_the_api(files, service)
    raise NoPatchError(f"what `{service}` is to answer when it is well, only its owner knows")


def _of_redis(files: Files, service: str) -> list[str]:
    """One that needs no login, and the usual port."""
    settings = given(files, service).settings
    if not lets_anybody_in(files, service) or any(settings.get(name) for name in OWN_DOORS if name != "port"):
        raise NoPatchError(f"with which login and how `{service}` is to be asked, only its owner knows")
    client = "valkey-cli" if "valkey" in str(files.services[service].get("image")) else "redis-cli"
    port = settings.get("port", "6379")
    return ["CMD-SHELL", f"{client} -e -p {port} ping | grep -qx PONG"]


def _of_the_api(files: Files, service: str) -> list[str]:
    """By what its image is known to have; the port and the route as the profile says, or as files do."""
    ports = files.api_ports(service)
    if len(ports) != 1:
        raise NoPatchError(f"on which port `{service}` answers is not known")
    asked = {"port": ports[0], "route": files.subject.routes.health}
    match _runtime(files, service):
        case "python":
            return ["CMD", "python3", "-c", IN_PYTHON.format(**asked)]
        case "node":
            return ["CMD", "node", "-e", IN_NODE.format(**asked)]
        case _:
            raise NoPatchError(f"the image of `{service}` is not known to have a program that could ask it")


def _runtime(files: Files, service: str) -> str:
    recipe = recipe_of(files.services[service])
    bases = [stage.base for stage in recipe.stages] if recipe else [str(files.services[service].get("image") or "")]
    names = [found.name.rpartition("/")[2] for base in bases if (found := image_reference.parse(base))]
    return next((name for name in names if name in {"python", "node"}), "")
