"""Look for passwords in what the Compose file gives the app."""

import re
from collections.abc import Iterator
from dataclasses import replace

from checks.requirements.r5_app_credentials.judge import LoginPlace, Sightings
from checks.roles.redis.configuration import has_no_login
from checks.subject.programs import words_of
from checks.subject.roles import Role
from checks.subject.secret_names import is_named_secret
from checks.subject.secret_options import on_command_line
from checks.subject.stack import Files
from stack.driver.errors import SubjectError
from stack.driver.project import Config

IN_AN_ADDRESS = re.compile(r"\w://[^\s/:@]*:[^\s/@]+@")
STANDS_FOR_ONE = "a-secret-made-up"  # where nobody has said it yet, a number was made up, and none is a secret


def look_for_given_secrets(files: Files) -> Sightings:
    """What `docker inspect` will show to anyone: values called a secret, and addresses with a password in them."""
    service = files.roles[Role.API]
    found = {place: list(_secrets(files, service, place)) for place in ("environment", "command", "labels")}
    return Sightings(
        looked_for=("what is called a password, a secret or a token", "a password in an address"),
        looked_at=tuple(f"{place} of {service}" for place in found),
        found=tuple(f"{name} in {place} of {service}" for place, names in found.items() for name in names),
        place=next(
            (files.place("services", service, place, names[0]) for place, names in found.items() if names), None
        ),
    )


def _secrets(files: Files, service: str, place: str) -> Iterator[str]:
    spec = files.services[service]
    if place == "command":
        yield from dict.fromkeys(one.name for one in on_command_line(words_of(spec)) if one.is_literal)
    for name, value in _named(spec, place):
        told = STANDS_FOR_ONE if files.is_made_up(value) else value
        if is_named_secret(name, told) or IN_AN_ADDRESS.search(value):
            yield name


def _named(spec: Config, place: str) -> Iterator[tuple[str, str]]:
    told = {} if place == "command" else spec.get(place) or {}
    yield from ((name, str(value)) for name, value in told.items() if value is not None)


def find_login_place(files: Files) -> LoginPlace:
    """What the app is to log in to: files may say that there is no login to be had.

    Raises SubjectError where they do not tell, for an image decides, or what is made at the start.
    """
    seen = files.presence(Role.REDIS)
    service = seen["service"]
    found = LoginPlace(service=service, because=seen["because"])
    if not service or not has_no_login(files, service):
        return found
    return replace(found, has_no_login=True, place=files.place("services", service, "command"))


def find_running_login_place(files: Files) -> LoginPlace:
    """The same of what runs, of which other checks tell who logs in: only what files do say is held against it."""
    try:
        return find_login_place(files)
    except SubjectError:
        seen = files.presence(Role.REDIS)
        return LoginPlace(service=seen["service"], because=seen["because"])
