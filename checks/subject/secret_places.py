"""Secrets where people put them: in addresses, options, shell lines, files of variables. Only to be hidden."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import unquote

from checks.core.redaction import SHORTEST_SECRET
from checks.subject.secrets import is_named_secret
from stack.driver.project import Config

NAMED_OTHERWISE = {"MYSQL_PWD", "REDISCLI_AUTH", "PGPASS", "DB_PW", "PWD_REDIS", "SSHPASS", "AUTH", "SIGNING_KEY"}
NOT_ONE = re.compile(
    r"\$+[({].*|\$+\w+|<.*|/(?:run|var|etc|tmp|proc)/.*|true|false|yes|no|none|null|", re.IGNORECASE | re.DOTALL
)
ORDINARY = {"password", "postgres", "postgresql", "mypassword", "changeme", "redis123", "password1", "example1"}
VALUE = r"""(?:"([^"\n]+)"|'([^'\n]+)'|([^\s"';|&)]+))"""
IN_TEXT = (
    re.compile(r"://[^/\s:@]*:([^/\s@]+)@"),  # scheme://user:password@
    re.compile(rf"--?(?:requirepass|masterauth|pass(?:word|wd|phrase)?|auth|token|secret)[ =]{VALUE}", re.IGNORECASE),
    re.compile(rf"\bredis-cli\b[^\n|;&]*?\s-a\s+{VALUE}"),
    re.compile(rf"\bmysql\w*\b[^\n|;&]*?\s-p{VALUE}"),
    re.compile(rf"\bcurl\b[^\n|;&]*?\s(?:-u|--user)[ =]\S+?:{VALUE}"),
    re.compile(rf"\b(?:requirepass|masterauth|AUTH(?:\s+\w+)?|IDENTIFIED BY)\s+{VALUE}"),
    re.compile(r"\bBearer\s+([\w.~+/-]+=*)"),
    re.compile(rf"\bACL\s+SETUSER\b[^\n]*?\s>{VALUE}|(?<=\s)>{VALUE}(?=\s+[~+%&])"),
)
ASSIGNED = re.compile(rf"\b(?:export\s+)?([A-Za-z_]\w*)[\"']?\s*[=:]\s*{VALUE}")
PEM = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?-----END [A-Z ]*PRIVATE KEY-----", re.DOTALL)
FILE_BYTES = 1 << 20


def to_hide(config: Config, project: Path) -> list[str]:
    """What is to be hidden of a resolved Compose file and the files of variables beside it.

    A secret that is short, or an ordinary word, is hidden where it stands, with what stands before it: hidden
    everywhere it would make holes in what has nothing to do with it.
    """
    words = {*config["services"], *ORDINARY}
    found = [*_of_config(config), *(one for text in _texts(project) for one in in_text(text))]
    return sorted({hidden for place, value in found for hidden in _hidden(place, value, words)})


def in_text(text: str) -> Iterator[tuple[str, str]]:
    """(what stands before it, secret) of each in a text such as a command, an address or a file of variables."""
    yield from (("", key[0]) for key in PEM.finditer(text))
    for pattern in IN_TEXT:
        for found in pattern.finditer(text):
            value = next(group for group in found.groups() if group is not None)
            yield found[0].partition(value)[0], value
    for found in ASSIGNED.finditer(text):
        value = next(group for group in found.groups()[1:] if group is not None)
        if is_named(found[1]):
            yield found[0].partition(value)[0], value


def is_named(name: str) -> bool:
    """Whether a variable's name says that it holds a secret."""
    return name.upper() in NAMED_OTHERWISE or is_named_secret(name, "a-word")


def _of_config(config: Config) -> Iterator[tuple[str, str]]:
    for spec in config["services"].values():
        variables = spec.get("environment") or {}
        yield from _of_variables(variables)
        yield from _of_variables((spec.get("build") or {}).get("args") or {})
        lines = [spec.get("entrypoint"), spec.get("command"), (spec.get("healthcheck") or {}).get("test")]
        for line in lines:
            words = line if isinstance(line, list) else [str(line or "")]
            yield from in_text(" ".join(map(str, words)))
    for kind in ("secrets", "configs"):
        for spec in (config.get(kind) or {}).values():
            yield from (("", str(spec["content"])) for _ in ("",) if (spec or {}).get("content"))


def _of_variables(variables: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    for name, value in variables.items():
        text = "" if value is None else str(value).lstrip("$")  # written twice, a dollar is one of the secret's own
        if is_named(name):
            yield f"{name}=", text
            yield f'"{name}": "', text
        yield from in_text(text)


def _texts(project: Path) -> Iterator[str]:
    """Files of variables and the files of secrets that a Compose file is usually given."""
    for file in (*project.glob("*.env"), *project.glob(".env*"), *project.glob("secrets/*")):
        if file.is_file() and not file.is_symlink() and file.stat().st_size <= FILE_BYTES:
            yield file.read_text(errors="replace")


def _hidden(place: str, value: str, words: set[str]) -> Iterator[str]:
    plain = value.strip()
    if NOT_ONE.fullmatch(plain):
        return
    if "\n" in plain:  # a text of several lines is seen line by line, too
        yield from (line for line in plain.splitlines() if len(line) >= 2 * SHORTEST_SECRET and "-----" not in line)
    for one in {plain, plain.replace("$$", "$"), unquote(plain)}:
        ordinary = len(one) < SHORTEST_SECRET or one.lower() in words
        if not ordinary:
            yield one
        elif len(place + one) >= SHORTEST_SECRET:
            yield place + one
