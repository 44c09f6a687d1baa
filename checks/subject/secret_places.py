"""Secrets where people put them: variables, command lines, files of settings, files of variables, Compose's own."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from checks.core.redaction import SHORTEST_SECRET
from checks.subject.configuration_texts import settings_of
from checks.subject.env_file import variables_of
from checks.subject.programs import words_of
from checks.subject.secret_names import (
    assigned_in,
    can_be_secret,
    is_named_secret,
    passwords_in_addresses,
    secrets_in_value,
)
from checks.subject.secret_options import on_command_line
from checks.subject.secret_texts import in_other_texts
from stack.driver.project import Config

COMMON = """
    password passw0rd password1 password123 postgres postgresql mysecretpassword mypassword secretpassword supersecret
    changeme changeme123 changeit letmein123 example1 redis123 admin123 administrator qwerty123 rabbitmq guestguest
"""  # what everybody would try: an ordinary word is objected to, and not hidden
NOT_ONE = re.compile(
    r"\$+[({].*|\$+\w+|<.*|/(?:run|var|etc|tmp|proc)/.*|true|false|yes|no|none|null|", re.IGNORECASE | re.DOTALL
)
VALUE = r"""(?:"([^"\n]+)"|'([^'\n]+)'|([^\s"';|&)]+))"""
IN_SETTINGS = (  # of Redis, its users and its scripts
    re.compile(rf"^\s*(?:requirepass|masterauth|AUTH(?:\s+\w+)?|IDENTIFIED BY)\s+{VALUE}", re.MULTILINE),
    re.compile(rf"^\s*user\s[^\n#]*?\s>{VALUE}", re.MULTILINE | re.IGNORECASE),
)
IN_TEXT = (
    *IN_SETTINGS,
    re.compile(rf"--?(?:requirepass|masterauth|pass(?:word|wd|phrase)?|auth|token|secret)[ =]{VALUE}", re.IGNORECASE),
    re.compile(rf"\b(?:requirepass|masterauth|AUTH(?:\s+\w+)?|IDENTIFIED BY)\s+{VALUE}"),
    re.compile(r"\bBearer\s+([\w.~+/-]+=*)"),
    re.compile(rf"\bACL\s+SETUSER\b[^\n]*?\s>{VALUE}|(?<=\s)>{VALUE}(?=\s+[~+%&])"),
)
ASSIGNED = re.compile(rf"\b(?:export\s+)?([A-Za-z_]\w*)[\"']?[ \t]*[=:][ \t]*{VALUE}")
PEM = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?-----END [A-Z ]*PRIVATE KEY-----", re.DOTALL)
FILE_BYTES = 1 << 20
IDENTIFIERS = re.compile(r".*(?:USER(?:NAME)?|DB|DATABASE|NAME|HOST|VHOST)", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Place:
    """A secret, what it is called where it stands, and the text in front of it."""

    name: str
    value: str
    before: str = ""


def places(config: Config, project: Path) -> Iterator[Place]:
    """Every secret in a resolved Compose file, and in what it gives its services to read."""
    for service, spec in config["services"].items():
        yield from (Place(name=f"{one.name} of {service}", value=one.value, before=one.before) for one in in_spec(spec))
        for where, text in settings_of(config, service):
            yield from (Place(name=f"{where} of {service}", value=one) for one in _in_settings(text))
    for name, spec in (config.get("secrets") or {}).items():
        yield from (Place(name=name, value=value) for value in _told_by_compose(spec or {}, project))


def in_spec(spec: Config) -> Iterator[Place]:
    """What a service's variables, build arguments and command lines have of secrets."""
    for variables in (spec.get("environment") or {}, (spec.get("build") or {}).get("args") or {}):
        yield from of_variables(variables)
    yield from of_line(words_of(spec))
    yield from of_line((spec.get("healthcheck") or {}).get("test"))


def of_variables(variables: Mapping[str, object]) -> Iterator[Place]:
    for name, value in variables.items():
        text = "" if value is None else str(value).replace("$$", "$")
        for secret in secrets_in_value(name, text):
            yield Place(name=name, value=secret, before=f"{name}=" if secret == text else text.partition(secret)[0])
        for one in on_command_line([text]) if any(mark in text for mark in " \n") else ():
            if one.is_literal:
                yield Place(name=name, value=one.value, before=one.before)


def of_line(line: object) -> Iterator[Place]:
    """A command, as its words or as one text."""
    words = [str(line or "")] if isinstance(line, str) or not isinstance(line, Sequence) else [str(one) for one in line]
    for one in on_command_line(words):
        if one.is_literal:
            yield Place(name=one.name, value=one.value, before=one.before)


def is_ordinary(word: str, config: Config) -> bool:
    """Whether a text also stands for what is no secret: it is an ordinary password, or the name of something here.

    Hidden everywhere, it would make holes in what has nothing to do with it; a rule objects to it instead.
    """
    return word.lower() in {*COMMON.split(), *_identifiers(config)}


def to_hide(config: Config, project: Path) -> list[str]:
    """What is to be hidden of a resolved Compose file and the files of variables beside it.

    A secret that is short, or an ordinary word, is hidden where it stands, with what stands before it: hidden
    everywhere it would make holes in what has nothing to do with it.
    """
    found = [(one.before, one.value) for one in places(config, project)]
    found += [(f'"{one.name}": "', one.value) for spec in config["services"].values() for one in in_spec(spec)]
    found += [one for text in (*_texts_of(config, project), *_every_text(config)) for one in in_text(text)]
    found += [pair for name, told in _every_pair(config) for pair in _in_pair(name, told)]
    return sorted({hidden for place, value in found for hidden in _hidden(place, value, config)})


def in_text(text: str) -> Iterator[tuple[str, str]]:
    """(what stands before it, secret) of each in a text such as a command, an address or a file of variables."""
    yield from (("", key[0]) for key in PEM.finditer(text))
    yield from ((text.partition(one)[0][-SHORTEST_SECRET:], one) for one in passwords_in_addresses(text))
    for pattern in IN_TEXT:
        for found in pattern.finditer(text):
            value = next(group for group in found.groups() if group is not None)
            yield found[0].partition(value)[0], value
    for found in ASSIGNED.finditer(text):
        value = next(group for group in found.groups()[1:] if group is not None)
        if is_named_secret(found[1], "a-word"):
            yield found[0].partition(value)[0], value
    yield from ((text.partition(one)[0][-SHORTEST_SECRET:], one) for one in assigned_in(text))
    yield from in_other_texts(text)


def _in_pair(name: str, told: str | list[str]) -> Iterator[tuple[str, str]]:
    """What a key says of its text, or what a list of words has as a command: of a hook, say."""
    if isinstance(told, list):
        yield from ((one.before, one.value) for one in of_line(told))
    elif name.lower().endswith("auth.users"):  # of a proxy: `user:password`, and more of them
        yield from (("", one.partition(":")[2]) for one in told.split(","))
    else:
        yield from ((f"{name}=", one) for one in secrets_in_value(name, told))


def _every_pair(told: object) -> Iterator[tuple[str, str | list[str]]]:
    """(key, text or words) of all that stands in a resolved Compose file: labels, options of logs, `x-` keys."""
    for name, one in told.items() if isinstance(told, Mapping) else enumerate(told) if isinstance(told, list) else ():
        if isinstance(one, str) and isinstance(name, str):
            yield name, one.replace("$$", "$")
        elif isinstance(one, list) and one and all(isinstance(word, str) for word in one):
            yield str(name), one
        yield from _every_pair(one)


def _every_text(told: object) -> Iterator[str]:
    """Each text in it; the words of a command as one."""
    if isinstance(told, str):
        yield told.replace("$$", "$")
    elif isinstance(told, Mapping):
        yield from (text for one in told.values() for text in _every_text(one))
    elif isinstance(told, list):
        words = [one for one in told if isinstance(one, str)]
        yield from (text for one in (*told, " ".join(words)) for text in _every_text(one))


def _in_settings(text: str) -> Iterator[str]:
    """The passwords in a file of settings: those that Redis takes, and those in addresses."""
    text = text.replace("$$", "$")
    yield from passwords_in_addresses(text)
    for pattern in IN_SETTINGS:
        for found in pattern.finditer(text):
            value = next(group for group in found.groups() if group is not None)
            if can_be_secret("password", value):
                yield value


def _told_by_compose(spec: Config, project: Path) -> Iterator[str]:
    """A secret of Compose's whose text stands in the Compose file, or in a variable of the shell or of `.env`."""
    if content := spec.get("content"):
        yield str(content).strip()
    if variable := spec.get("environment"):
        told = os.environ.get(variable) or variables_of(project).get(variable) or ""
        yield told.strip()


def _identifiers(config: Config) -> set[str]:
    """The names of services, volumes, images, users and databases."""
    found = [name for kind in ("services", "volumes", "networks") for name in config.get(kind) or {}]
    for spec in config["services"].values():
        found += re.split(r"[/:@]", str(spec.get("image") or ""))
        found += [str(spec.get(key) or "") for key in ("container_name", "hostname")]
        variables = spec.get("environment") or {}
        found += [str(value) for name, value in variables.items() if IDENTIFIERS.fullmatch(name)]
    return {name.lower() for name in found}


def _texts_of(config: Config, project: Path) -> Iterator[str]:
    """What people write secrets into beside variables: command lines, contents, files of variables and of secrets."""
    for spec in config["services"].values():
        variables = {**(spec.get("environment") or {}), **((spec.get("build") or {}).get("args") or {})}
        yield from map(str, variables.values())
        lines = [spec.get("entrypoint"), spec.get("command"), (spec.get("healthcheck") or {}).get("test")]
        yield from (" ".join(map(str, line)) if isinstance(line, list) else str(line or "") for line in lines)
    for spec in (config.get("configs") or {}).values():
        yield str((spec or {}).get("content") or "")
    for file in (*project.glob("*.env"), *project.glob(".env*"), *project.glob("secrets/*")):
        if file.is_file() and not file.is_symlink() and file.stat().st_size <= FILE_BYTES:
            yield file.read_text(errors="replace")


def _hidden(place: str, value: str, config: Config) -> Iterator[str]:
    plain = value.strip()
    if NOT_ONE.fullmatch(plain):
        return
    if "\n" in plain:  # a text of several lines is seen line by line, too
        yield from (line for line in plain.splitlines() if len(line) >= 2 * SHORTEST_SECRET and "-----" not in line)
    for one in {plain, plain.replace("$$", "$"), unquote(plain)}:
        if len(one) >= SHORTEST_SECRET and not is_ordinary(one, config):
            yield one
        elif len(place + one) >= SHORTEST_SECRET:
            yield place + one
