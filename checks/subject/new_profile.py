"""A commented `compliance.toml` to begin with: what was found is said, all else stands there as it is by default."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

from checks.subject import profile
from checks.subject.compose_files import PROFILE_NAME
from checks.subject.profile import Routes
from checks.subject.profile_model import SCHEMA
from checks.subject.role_tables import Role, every_role
from checks.subject.roles import Absent, Found, Open
from checks.subject.stack import Files
from checks.subject.standing import standing
from checks.subject.start import budget
from stack.driver.errors import SubjectError
from stack.driver.menu import task

HEAD = f"""\
# What the checks need to know of this project and cannot see from outside. Every key is optional: what stands behind
# a `#` is as it is by default, or an example. {task("describe --stack DIR")} says what comes of it.
"""
ROUTES = {
    "set": "where an item is stored, with",
    "method": "this method and",
    "body": "this JSON",
    "get": "where it is read back: {id}, or the id behind it, and",
    "answer": "what its JSON then has in it",
    "metrics": "where Prometheus finds the metrics",
    "health": "the health route",
}
REST = """\
# [healthcheck]
# reading = "readiness"    # 503 while Redis is away; "liveness": 200 whenever it is called

# [build]                  # what the api's image is built from, where the Compose file does not say it
# context = "../service"

# [credentials.auditor]    # a Redis login that the checks read its settings and users with; [credentials.app] is the
# user = "auditor"         # app's own, [credentials.health] the health check's
# password_file = "secrets/auditor-password"

# [waivers.images-carry-versions]   # a rule that is set aside: shown as waived, never as proven
# reason = "the registry is moved next month"
# until = 2027-01-31
"""


Scraped = Callable[[Files], str]
"""Says on which path Prometheus is told to scrape the api; '' where files do not tell."""


def write(path: Path, scraped: Scraped) -> Path:
    """Write one for the project at `path`; raises SubjectError where there is one, which stays as it is."""
    subject = profile.read(path)
    file = subject.compose_file.with_name(PROFILE_NAME)
    if file.exists():
        raise SubjectError(f"{file} is there, and stays as it is", hint=f"{task('describe --stack DIR')} reads it")
    with standing(subject) as files:
        text = text_of(files, file, scraped(files))
    try:
        file.write_text(text)
    except OSError as problem:
        raise SubjectError(f"{file} cannot be written: {problem.strerror}") from problem
    return file


def text_of(files: Files, file: Path, scraped_at: str = "") -> str:
    """What such a file says of a project that was read, and of where its api is scraped."""
    return "\n".join(_lines(files, file, scraped_at))


def _lines(files: Files, file: Path, scraped_at: str) -> Iterator[str]:
    yield f"#:schema {os.path.relpath(SCHEMA, file.parent)}"
    yield HEAD
    yield "# leave_out = []           # what a fresh copy starts without, such as data of earlier runs"
    yield "# prepare = []             # a command to run in each fresh copy before it starts\n"
    yield "[roles]"
    for role in every_role():
        yield from _role(files, role)
    yield "\n[routes]"
    yield from _routes(files, scraped_at)
    seconds = budget(files.project.config)
    yield f"\n# [start]\n# seconds = {seconds:<16.0f}# how long it may take to come up\n"
    yield REST


def _role(files: Files, role: Role) -> Iterator[str]:
    match files.roles.findings[role]:
        case Found(service=service, because=because):
            yield _with_comment(f"{role} = {json.dumps(service)}", because)
        case Absent(because=because):
            yield f"# {because}: what needs one is violated, unless it is not to be there:"
            yield f'# {role} = false\n# reasons.{role} = "..."'
        case Open() as unclear:
            yield f"# which service is the {role}? One of:"
            for service, why in (unclear.candidates or {"...": "no service looks like it"}).items():
                yield "# " + _with_comment(f"{role} = {json.dumps(service)}", why)


def _routes(files: Files, scraped_at: str) -> Iterator[str]:
    api = files.roles.findings[Role.API]
    ports = files.http_ports(api.service) if isinstance(api, Found) else ()
    for port in ports[:1]:
        others = f"; or {', '.join(map(str, ports[1:]))}" if ports[1:] else ""
        yield _with_comment(f"port = {port}", f"where the api answers HTTP in its container{others}")
    defaults = Routes()
    if scraped_at:
        yield _with_comment(f"metrics = {json.dumps(scraped_at)}", "where Prometheus is told to scrape it")
    for name, meaning in ROUTES.items():
        if name != "metrics" or not scraped_at:
            default = getattr(defaults, name) or "/metrics"
            yield "# " + _with_comment(f"{name} = {_toml(default)}", meaning)


def _with_comment(line: str, comment: str) -> str:
    return f"{line:<26} # {' '.join(comment.split())}"


def _toml(value: object) -> str:
    """A text, or a table of texts, as TOML has it in a line."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{json.dumps(name)} = {_toml(inside)}" for name, inside in value.items()) + " }"
    return json.dumps(value)
