"""What the command that starts a Redis leaves running beside it, and for how long it was watched."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import PurePosixPath

from checks.subject.health_checks import declared_test
from checks.subject.mounted import text_at
from checks.subject.programs import SHELLS, started_by
from checks.subject.role_tables import product
from checks.subject.roles import Role
from checks.subject.shell_words import commands_in
from checks.subject.stack import Files, Stack
from stack.driver.errors import SubjectError
from stack.driver.project import may_end

QUOTED = re.compile(r"\\.|'[^']*'|\"(?:\\.|[^\"\\])*\"", re.DOTALL)
INNER = re.compile(r"\b(?:ba|da|a|z)?sh\s+-\w*c\s+('[^']*'|\"(?:\\.|[^\"\\])*\")", re.DOTALL)  # a shell within it
COMMENT = re.compile(r"(?:(?<=\s)|^)#[^\n]*", re.MULTILINE)
SENT_AWAY = re.compile(
    r"[^\n;]*(?:(?<![&<>|])&(?![&>])|\b(?:nohup|setsid|coproc)\b)[^\n;]*"
)  # not `&&`, `2>&1`, `&>file`
LONGEST = 80
CHANGES = {  # {command of Redis: those of its subcommands that change something, all where none is named}
    "CONFIG": {"SET", "REWRITE"},
    "ACL": {"SETUSER", "DELUSER", "LOAD"},
    "MODULE": {"LOAD", "LOADEX", "UNLOAD"},
    **{name: set[str]() for name in ("REPLICAOF", "SLAVEOF", "FLUSHALL", "FLUSHDB", "SHUTDOWN")},
}
RESTED_ON = {
    "appendonly", "appendfsync", "no-appendfsync-on-rewrite", "dir", "save", "requirepass", "aclfile", "masterauth",
    "maxmemory-policy", "protected-mode", "replicaof", "slaveof", "enable-module-command", "enable-debug-command",
}  # fmt: skip
LONG_SECONDS = 60
SHOWN_IN_SECONDS = 120


def changing_later(files: Files) -> tuple[str, ...]:
    """All that may change Redis' settings or users when nobody looks any more."""
    return (*left_running(files), *changed_by_checks(files), *changed_by_services(files))


def left_running(files: Files) -> tuple[str, ...]:
    """The commands of a shell with which Redis' own sends a program into the background, what is quoted left out.

    Read are the script behind `sh -c`, and one that is mounted or that its Dockerfile copies; others are not seen.
    """
    service = files.roles[Role.REDIS]
    words = started_by(files.services[service])
    return tuple(in_script(_script(words) or _mounted(files, service, words)))


def changed_by_checks(files: Files) -> tuple[str, ...]:
    """The health checks, of whichever service, that tell a Redis to change its settings, its users or its data."""
    found = (
        f"the health check of {name}: {PurePosixPath(command[0]).name} {told}"
        for name, spec in files.services.items()
        for command in _commands(declared_test(spec))
        if (told := _change(command))
    )
    return tuple(dict.fromkeys(found))


def changed_by_services(files: Files) -> tuple[str, ...]:
    """What the commands of other services, and labels for who runs jobs, change in a Redis that is up by then.

    A job that sets it up at the start, and ends, may: what it left is seen. One that goes on, or waits long, is told.
    """
    return tuple(dict.fromkeys(_changes_of_services(files)))


def _changes_of_services(files: Files) -> Iterator[str]:
    for name, spec in files.services.items():
        script = _script(words := started_by(spec)) or _mounted(files, name, words)
        commands = commands_in(script) if script else [tuple(words)]
        ends = name in files.project.one_shots or may_end(spec)
        if not ends or any(map(_waits_long, commands)):
            yield from (f"{name}: {told}" for one in commands if (told := _setting_changed(one)))
        for label, value in (spec.get("labels") or {}).items():
            within = [inner for one in commands_in(str(value)) for inner in _inside(one)]
            told = next((told for one in within if (told := _setting_changed(one))), "")
            yield from [f"the label {label} of {name}: {told}"] * bool(told)


def _inside(command: Sequence[str]) -> Iterator[Sequence[str]]:
    """The commands of the script that a shell is given; the command itself where it is no shell's."""
    script = _script(command)
    yield from commands_in(script) if script else [command]


def _setting_changed(command: Sequence[str]) -> str:
    """A change of users, of modules, or of a setting that what is proven rests on; not of the many others."""
    told = _change(command)
    named = {word.lower() for word in command} & RESTED_ON
    return told if told.startswith(("ACL", "MODULE", "REPLICAOF")) or (told == "CONFIG SET" and named) else ""


def _waits_long(command: Sequence[str]) -> bool:
    """`sleep` for longer than anybody waits for a service that starts."""
    if [PurePosixPath(word).name for word in command[:1]] != ["sleep"]:
        return False
    told = [re.fullmatch(r"([\d.]+)([smhd]?)", word) for word in command[1:]]
    seconds = sum(float(one[1]) * {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}[one[2]] for one in told if one)
    return seconds > LONG_SECONDS or not all(told)


def _commands(test: Sequence[str]) -> list[tuple[str, ...]]:
    """The commands of a health check, those in a shell's script one by one."""
    if test[:1] == ("CMD-SHELL",) or PurePosixPath("".join(test[1:2])).name in SHELLS:
        return [command for command in commands_in(test[-1]) if command]
    return [tuple(test[1:])] if len(test) > 1 else []


def _change(command: Sequence[str]) -> str:
    """What a client of Redis is told to change; '' for another program, or what only looks."""
    if not {PurePosixPath(word).name for word in command} & product(Role.REDIS).clients:
        return ""
    words = [word.upper() for word in command]
    return next((f"{one} {two}".strip() for one, two in itertools.pairwise((*words, "")) if _changes(one, two)), "")


def _changes(word: str, following: str) -> bool:
    return word in CHANGES and (not CHANGES[word] or following in CHANGES[word])


def in_script(script: str) -> Iterator[str]:
    """Those of a script, and of the shells that it starts with a script of their own."""
    for inner in INNER.findall(script):
        yield from in_script(inner[1:-1])
    for found in SENT_AWAY.findall(COMMENT.sub("", QUOTED.sub("", script))):
        yield found.strip()[:LONGEST]


def _script(words: Sequence[str]) -> str:
    """What a shell is given to run, whoever starts the shell looked through."""
    shell = next((place for place, word in enumerate(words) if PurePosixPath(word).name in SHELLS), len(words))
    given = [words[at + 1] for at in range(shell, len(words) - 1) if re.fullmatch(r"-\w*c\w*", words[at])]
    return given[0].replace("$$", "$") if given else ""


def _mounted(files: Files, service: str, words: Sequence[str]) -> str:
    """The script that its command names, where that is mounted."""
    for word in words[:2]:
        with suppress(SubjectError):
            if word.startswith("/") and (text := text_at(files, service, word)).startswith("#!"):
                return text
    return ""


def watched(stack: Stack) -> str:
    """How long ago Redis started: what is read now is what held for so long."""
    started = stack.runner.incarnation(stack.roles[Role.REDIS]).started_at
    if started is None:
        return "an unknown time"
    seconds = (datetime.now(UTC) - started).total_seconds()
    return f"{seconds:.0f} s" if seconds < SHOWN_IN_SECONDS else f"{seconds / 60:.0f} min"
