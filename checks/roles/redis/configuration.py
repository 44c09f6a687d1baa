"""What Redis is given to run with, as the files say it: its command line, its configuration, its ACL file."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath

from checks.core.place import Place, Places
from checks.roles.redis.acl import account
from checks.subject.image_recipe import base_of, recipe_of
from checks.subject.mounted import place_at, text_at
from checks.subject.programs import arguments_of, started_by
from checks.subject.shell_words import commands_in
from checks.subject.stack import Files
from stack.driver.errors import SubjectError
from stack.driver.project import Config

SERVER = re.compile(r"(?:redis|valkey|keydb)-server")
SWITCHED = {"on", "off"}
SHELLS = {"sh", "ash", "bash", "dash"}
STANDARD_IMAGE = re.compile(  # starts the server without a configuration of its own, from whichever registry
    r"(?:[^/]*[.:][^/]*/)?(?:(?:library/)?redis|valkey/valkey|eqalpha/keydb)(?:[:@].*)?"
)
DEFAULTS = {"appendonly": "no", "appendfsync": "everysec", "no-appendfsync-on-rewrite": "no"}
OPEN_DEFAULT = ("on", "nopass", "~*", "&*", "+@all")  # whom Redis lets in where nothing else is said


@dataclass(frozen=True, kw_only=True)
class Given:
    """The settings that a Redis is given, the lines about users among them, and every text that they stand in."""

    settings: Mapping[str, str]
    user_lines: tuple[tuple[str, ...], ...]
    texts: Mapping[str, str] = field(repr=False)  # by where it stands; there may be passwords in it
    places: Places = field(default_factory=dict, compare=False)  # of each setting that a file says, '' of its command


def given(files: Files, service: str) -> Given:
    """Its command line and its configuration; raises SubjectError where that is not to be seen from here."""
    words = _arguments(files.services[service], service)
    texts = {"the command line": " ".join(words)}
    lines, places = list(_options(words)), {}
    if place := files.place("services", service, "command"):
        places = {"": place, **{name: place for name, *_ in lines}}
    if words and not words[0].startswith("--"):
        lines = [*_file_lines(files, service, words[0], texts), *lines]
        places = {**_places(files, service, words[0], texts[words[0]]), **places}
    settings = DEFAULTS | {name: " ".join(rest) for name, *rest in lines if name != "user"}
    return Given(settings=settings, user_lines=_about_users(lines), texts=texts, places=places)


def on_the_command_line(spec: Config) -> Mapping[str, str]:
    """The settings that the words of its command give, whichever server they start and wherever its files lie."""
    split = [part for word in arguments_of(spec) for part in (word.split("=", 1) if word.startswith("--") else [word])]
    return options_in(split)


def options_in(words: list[str]) -> Mapping[str, str]:
    """The settings that options give, as on a command line or in variables of some images."""
    return {name: " ".join(rest) for name, *rest in _options(words)}


def with_acl_file(files: Files, service: str) -> Given:
    """The same with the users of its ACL file, where it has one."""
    seen = given(files, service)
    if not (path := seen.settings.get("aclfile", "")):
        return seen
    text = text_at(files, service, path)
    place = place_at(files, service, path)
    places = {**seen.places, "": place} if place else seen.places
    return replace(seen, user_lines=_about_users(_lines(text)), texts={**seen.texts, path: text}, places=places)


def users(seen: Given) -> dict[str, tuple[str, ...]]:
    """{user: its rules} as Redis completes them: off until it is on, and `default` open where no line is about it."""
    told = {name: tuple(rules) for name, *rules in seen.user_lines}
    found = {name: rules if SWITCHED & {*map(str.lower, rules)} else ("off", *rules) for name, rules in told.items()}
    if "default" not in told:
        closed = seen.settings.get("requirepass") and not seen.settings.get("aclfile")
        found["default"] = tuple(word for word in OPEN_DEFAULT if not (closed and word == "nopass"))
    return found


def lets_anybody_in(files: Files, service: str) -> bool:
    """Whether its files say that a Redis asks for no login; False where they do not tell."""
    try:
        return _is_open(users(with_acl_file(files, service)))
    except SubjectError:  # its image decides, or what is made at the start
        return False


def has_no_login(files: Files, service: str) -> bool:
    """Whether it lets anybody in, and has no user that somebody could be told to log in as.

    Raises SubjectError where its files do not tell.
    """
    found = users(with_acl_file(files, service))
    return _is_open(found) and not any(account(rules).on for name, rules in found.items() if name != "default")


def _is_open(found: Mapping[str, tuple[str, ...]]) -> bool:
    default = account(found.get("default", ()))
    return default.on and default.nopass


def _places(files: Files, service: str, path: str, text: str) -> dict[str, Place]:
    """Where a file says each setting, and '' for the file."""
    told = {words[0].lower(): at for at, line in enumerate(text.splitlines(), 1) if (words := line.split())}
    found = {name: place_at(files, service, path, at) for name, at in told.items()} | {
        "": place_at(files, service, path)
    }
    return {name: place for name, place in found.items() if place}


def _about_users(lines: Iterable[list[str]]) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(rest) for name, *rest in lines if name == "user" and rest)


def _arguments(spec: Config, service: str) -> list[str]:
    """What stands behind the server's name; raises SubjectError where its image decides that."""
    words = [word.replace("$$", "$") for word in started_by(spec)]
    by_a_shell = len(words) > 2 and PurePosixPath(words[0]).name in SHELLS
    words = _in_shell(words[1:]) if by_a_shell else words
    for place, word in enumerate(words):
        if _is_server(word):
            return words[place + 1 :]
    usual = not words or words[0].startswith("-") or words[0].endswith(".conf")
    if usual and not by_a_shell and _starts_as_usual(spec):
        return words
    raise SubjectError(f"what `{service}` runs with is decided in its image, which its files do not tell")


def _in_shell(words: list[str]) -> list[str]:
    """The command of a shell's script that starts the server: the last one, for the shell waits for that, or is it.

    What runs in the background is another server. `"$@"` are the words behind the script, but for the name of it.
    """
    at = next((at for at, word in enumerate(words) if not word.startswith("-")), len(words))
    script, given_to_it = "".join(words[at : at + 1]), words[at + 2 :]
    commands = [
        [part for word in command for part in (given_to_it if word in {"$@", "$*"} else [word])]
        for command in commands_in(script, awaited=True)
    ]
    return next((one for one in reversed(commands) if any(map(_is_server, one))), [])


def _is_server(word: str) -> bool:
    return bool(SERVER.fullmatch(PurePosixPath(word).name))


def _file_lines(files: Files, service: str, path: str, texts: dict[str, str], deep: int = 8) -> Iterator[list[str]]:
    """The lines of a configuration file, and of those that it includes where they stand; notes each text."""
    texts[path] = text_at(files, service, path)
    for line in _lines(texts[path]):
        if line[0] == "include" and len(line) == 2 and deep:
            if set(line[1]) & {*"*?["}:
                raise SubjectError(f"which files {line[1]} stands for, which `{service}` reads, is not told")
            yield from _file_lines(files, service, line[1], texts, deep - 1)
        else:
            yield line


def _starts_as_usual(spec: Config) -> bool:
    """Whether its image, built here or not, is one that starts the server with what stands behind it."""
    recipe = recipe_of(spec)
    if spec.get("entrypoint") or (recipe and recipe.entrypoint):
        return False
    return bool(STANDARD_IMAGE.fullmatch(base_of(spec) if "build" in spec else str(spec.get("image", ""))))


def _options(words: list[str]) -> Iterator[list[str]]:
    """`--appendonly yes --user app on` as lines of a configuration."""
    line: list[str] = []
    for word in words:
        if word.startswith("--"):
            if line:
                yield line
            line = [word.removeprefix("--").lower()]
        elif line:
            line.append(word)
    if line:
        yield line


def _lines(text: str) -> Iterator[list[str]]:
    for line in text.splitlines():
        words = line.split() if "'" in line else shlex.split(line, comments=line.lstrip().startswith("#"))
        if words and not words[0].startswith("#"):
            yield [words[0].lower(), *words[1:]]
