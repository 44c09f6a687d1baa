"""Which programs a service's command starts, wrappers and shells looked through."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePosixPath

from checks.core.wrappers import WRAPPERS, own_words
from checks.subject.image_recipe import recipe_of
from checks.subject.shell_words import commands_in
from stack.driver.project import Config

SHELLS = frozenset({"sh", "bash", "ash", "dash", "zsh"})
RUNNERS: Mapping[str, int] = {  # {what looks for a program before it runs it: words of its own, options aside}
    "doppler": 1, "wait-for-it": 1, "wait-for-it.sh": 1, "wait-for": 1, "dockerize": 0, "docker-entrypoint.sh": 0,
    "entrypoint.sh": 0, "poetry": 1, "pipenv": 1, "uv": 1, "pdm": 1, "hatch": 1, "rye": 1, "npx": 0, "bunx": 0,
    "bundle": 1, "newrelic-admin": 1, "ddtrace-run": 0, "opentelemetry-instrument": 0, "watchmedo": 1, "watchfiles": 0,
}  # fmt: skip
PYTHON = re.compile(r"python[\d.]*|pypy[\d.]*")
ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=.*", re.DOTALL)
OPERATORS = "();<>|&\n"


def words_of(spec: Config) -> tuple[str, ...]:
    """The entrypoint and the command of a service, as Compose resolved them; none where the image's own are run."""
    return tuple(str(word) for key in ("entrypoint", "command") for word in spec.get(key) or ())


def started_by(spec: Config) -> tuple[str, ...]:
    """The same, those of its Dockerfile where it is built here and its Compose file says none."""
    recipe = None if words_of(spec) else recipe_of(spec)
    return (*recipe.entrypoint, *recipe.command) if recipe else words_of(spec)


def programs_of(spec: Config) -> tuple[str, ...]:
    """The names of all programs that its command starts, without their folders; that of its Dockerfile if it has none.

    An entrypoint of its image is looked past: as a rule it starts what the command says.
    """
    if words := words_of(spec):
        return tuple(dict.fromkeys(_programs(words)))
    recipe = recipe_of(spec)
    told = (recipe.entrypoint, recipe.command) if recipe else ()
    return tuple(dict.fromkeys(name for words in told for name in _programs(words)))


def arguments_of(spec: Config) -> tuple[str, ...]:
    """Every word that its command says, those inside a shell's line too."""
    return _parts(words_of(spec))


def arguments_started(spec: Config) -> tuple[str, ...]:
    """The same, of the command of its Dockerfile where its Compose file says none."""
    return _parts(started_by(spec))


def _parts(words: Sequence[str]) -> tuple[str, ...]:
    return tuple(part for word in words for part in (_split(word) if " " in word else (word,)))


def _programs(words: Sequence[str]) -> Iterator[str]:
    rest = list(words)
    while rest and ASSIGNMENT.fullmatch(rest[0]):
        rest.pop(0)
    if not rest:
        return
    name = PurePosixPath(rest.pop(0)).name
    if name in SHELLS:
        yield from _in_shell(name, rest)
    elif name in WRAPPERS:
        yield from _programs(rest[own_words(WRAPPERS[name], rest, str) :])
    elif name in RUNNERS:
        yield from _programs(_without_options(_without_options(rest)[RUNNERS[name] :]))
    elif PYTHON.fullmatch(name):
        yield from _in_python(name, rest)
    elif name:
        yield name


def _in_shell(shell: str, words: list[str]) -> Iterator[str]:
    """What a shell's line starts, command for command; else the script that it is given."""
    options = [word for word in words if word.startswith("-")]
    if not any("c" in option.removeprefix("-") for option in options if not option.startswith("--")):
        yield from (PurePosixPath(word).name for word in _without_options(words)[:1] or [shell])
        return
    for line in _without_options(words)[:1]:
        for command in commands_in(line):
            yield from _programs(command)


def _in_python(name: str, words: list[str]) -> Iterator[str]:
    """`python -m uvicorn` runs uvicorn, `python manage.py` runs manage.py, and the word behind it says what for."""
    if "-m" in words[:3]:
        yield from _programs(words[words.index("-m") + 1 :])
        return
    script = _without_options(words)
    yield PurePosixPath(script[0]).name if script else name
    yield from script[1:2]


def _without_options(words: list[str]) -> list[str]:
    first = next((at for at, word in enumerate(words) if not word.startswith("-")), len(words))
    return words[first + 1 :] if words[first : first + 1] == ["--"] else words[first:]


def _split(line: str) -> list[str]:
    """A shell's line in words, operators as words of their own; one with an open quote is split at spaces."""
    try:
        found = shlex.shlex(line, posix=True, punctuation_chars=OPERATORS)
        found.whitespace = " \t\r"
        found.whitespace_split = True
        return list(found)
    except ValueError:
        return line.split()
