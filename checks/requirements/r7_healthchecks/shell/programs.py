"""Programs that health checks are made of: how each ends while the service is down, or answers with errors."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from checks.core.wrappers import WRAPPERS, own_words
from checks.requirements.r7_healthchecks.shell import builtins, clients, filters, node_source, python_source
from checks.requirements.r7_healthchecks.shell.conditions import ALWAYS_THERE
from checks.requirements.r7_healthchecks.shell.state import EITHER, NotFollowedError, Result, Run
from checks.requirements.r7_healthchecks.shell.values import ANY, FULL, OK, PROCESSES, Field, Some, Value, prefix_of

SHELLS = {"sh": False, "ash": False, "dash": False, "bash": True, "zsh": True}
"""Whether it has what bash has beyond POSIX."""

ASSIGNMENT = re.compile(r"\w+=")
LOOK_AT_NOTHING = {
    "date",
    "pwd",
    "hostname",
    "whoami",
    "id",
    "uname",
    "uptime",
    "free",
    "sleep",
    "sync",
    "arch",
    "nproc",
    "tty",
}
LONG, SHORT_TOO = frozenset({"--version"}), frozenset({"--version", "-v"})
TELL_THEIR_VERSION: Mapping[str, frozenset[str]] = {
    **dict.fromkeys(("curl", "wget", "git", "psql", "pg_isready", "gunicorn", "uvicorn", "celery", "npm"), LONG),
    "java": frozenset({"-version", "--version", "-showversion"}),
    **dict.fromkeys(("promtool", "prometheus", "mysql"), LONG),
    **dict.fromkeys(("node", "redis-server", "redis-cli", "valkey-server", "valkey-cli"), SHORT_TOO),
    "nginx": frozenset({"-v", "-V"}),
}
SHOW_FILES = {"cat", "ls", "stat", "df"}
SHOW_THEM_ALL = {"ls", "df"}  # where none is named
ITSELF = {"localhost", "127.0.0.1", "::1"}  # that the container has this address says nothing of what runs in it
LEAVES_WELL = r"process\.exit\(0?\)|exit(?:\(0?\)|\s+0)?"
SAYS = r"(?:console\.log|print|puts|echo)[\s(]+(?P<quote>[\"'])[\w .!:-]*(?P=quote)\)?"
ONLY_TALKS = re.compile(rf"(?:\s*(?:{LEAVES_WELL}|{SAYS})\s*;?)*")  # a program on the command line
INLINE = {"node": {"-e", "--eval"}, "perl": {"-e"}, "ruby": {"-e"}, "php": {"-r"}}
SHOW_COMMAND_LINES = re.compile(r"-?[A-Za-z]*(a[a-z]*u?x?|ef|f|u)[A-Za-z]*")
PLAIN_PATTERN = re.compile(r"[\w /:=.@\[\]-]+")
PYTHON = re.compile(r"python(3(\.\d+)?)?")


LOOKS_UP = {"-v", "-V"}  # `command -v` runs nothing


@dataclass(frozen=True, kw_only=True)
class Script:
    """What a shell is given to run, and the options that it begins with."""

    text: str
    bash: bool
    options: frozenset[str]


def name_of(words: Sequence[Field]) -> str:
    return PurePosixPath(words[0]).name if words and isinstance(words[0], str) else ""


def unwrapped(words: Sequence[Field]) -> list[Field]:
    """The command that is run in the end: without assignments, and programs that only run another."""
    rest = list(words)
    while rest and isinstance(rest[0], str):
        name = name_of(rest)
        if ASSIGNMENT.match(rest[0]):
            rest = rest[1:]
        elif name in WRAPPERS and not (name == "command" and rest[1:2] and rest[1] in LOOKS_UP):
            rest = _behind(name, rest[1:])
        else:
            break
    return rest


def _behind(name: str, words: list[Field]) -> list[Field]:
    if name == "timeout" and words[:1] == ["-t"]:  # busybox, once: `timeout -t SECONDS COMMAND`
        return words[2:]
    own = own_words(WRAPPERS[name], words, prefix_of_field)
    if name == "env" and any(prefix_of_field(word).startswith(("-S", "--split")) for word in words[:own]):
        raise NotFollowedError("env -S")
    return words[own:]


def prefix_of_field(word: Field) -> str:
    return prefix_of(word) if isinstance(word, (str, Some)) else ""


def script_of(words: Sequence[Field], given: Value) -> Script | None:
    """The script of `sh -c SCRIPT`, `su -c SCRIPT`, or of a shell that reads its input; None for other programs."""
    name = name_of(words)
    if name == "su" and "-c" in words:
        return _script(words[words.index("-c") + 1 :][:1], bash=False, options=frozenset())
    if name not in SHELLS:
        return None
    rest, flags = list(words[1:]), list[Field]()
    while rest and prefix_of_field(rest[0])[:1] in {"-", "+"} and len(prefix_of_field(rest[0])) > 1:
        word = rest.pop(0)
        if word == "--" or not isinstance(word, str) or word.startswith("--"):
            continue
        flags.append(word)
        if word.endswith("o") and rest:
            flags.append(rest.pop(0))
    return _given_to_shell(name, flags, rest, given)


def _given_to_shell(name: str, flags: list[Field], rest: list[Field], given: Value) -> Script | None:
    letters = [re.sub(r"[clis]", "", flag) if prefix_of_field(flag)[:1] == "-" else flag for flag in map(str, flags)]
    on, _ = builtins.options([word for word in letters if word not in {"-", "+"}])
    if any(isinstance(flag, str) and re.fullmatch(r"-\w*c\w*", flag) for flag in flags):
        return _script(rest[:1], bash=SHELLS[name], options=on)
    if not rest and isinstance(given, str):
        return _script([given], bash=SHELLS[name], options=on)
    return None


def _script(words: Sequence[Field], *, bash: bool, options: frozenset[str]) -> Script:
    if not words or not isinstance(words[0], str):
        raise NotFollowedError("the script is not known")
    return Script(text=words[0], bash=bash, options=options)


def outcomes(words: Sequence[Field], given: Value, run: Run) -> frozenset[Result]:
    """How a program may end, and what it may say; every way where nothing is known of it."""
    name, rest = name_of(words), words[1:]
    if name in LOOK_AT_NOTHING:
        return frozenset({(OK, ANY)}) if _plain(rest) else EITHER
    if _looks_elsewhere(name, rest):
        return frozenset({(OK, ANY)})
    if name in clients.CLIENTS:
        return clients.CLIENTS[name](rest, run.situation)
    if name in filters.FILTERS:
        return filters.filtered(name, rest, given)
    if name in {"node", "nodejs"}:
        return node_source.outcomes(rest, run.situation)
    if PYTHON.fullmatch(name):
        return python_source.outcomes(rest, run.situation)
    return PROCESS_LISTS[name](rest, given, run) if name in PROCESS_LISTS else EITHER


def _looks_elsewhere(name: str, words: Sequence[Field]) -> bool:
    """Whether it says its version, shows what every container has, or only talks: it does not ask the service."""
    match list(words):
        case [str(option)] if option in TELL_THEIR_VERSION.get(name, ()):
            return True
        case [str(option), str(source)] if option in INLINE.get(name, ()):
            return ONLY_TALKS.fullmatch(source) is not None
        case ["-0", "1"]:
            return name == "kill"
        case [*_, str(host)] if host in ITSELF and name in {"ping", "ping6", "getent"}:
            return True
    shown = [word for word in words if not prefix_of_field(word).startswith("-")]
    return name in SHOW_FILES and all(word in ALWAYS_THERE for word in shown) and (bool(shown) or name in SHOW_THEM_ALL)


def _plain(words: Sequence[Field]) -> bool:
    """Whether nothing in these can be wrong: numbers, formats, options."""
    return all(isinstance(word, str) and re.match(r"[-+\d]|infinity", word) for word in words)


def _ps(words: Sequence[Field], _: Value, __: Run) -> frozenset[Result]:
    shows = any(isinstance(word, str) and SHOW_COMMAND_LINES.fullmatch(word) for word in words)
    return frozenset({(OK, PROCESSES if shows else FULL)})


def _grep(words: Sequence[Field], given: Value, _: Run) -> frozenset[Result]:
    """It finds itself among all that run, unless its pattern does not fit the pattern."""
    options = "".join(word[1:] for word in words if isinstance(word, str) and re.fullmatch(r"-[A-Za-z]+", word))
    patterns = [word for word in words if not prefix_of_field(word).startswith("-")]
    if not set(options) <= set("qiEcnwa") or len(patterns) != 1 or not isinstance(patterns[0], str):
        return EITHER
    quiet = "q" in options
    if given == PROCESSES and _finds(patterns[0], f"grep {patterns[0]}"):
        return frozenset({(OK, "" if quiet else FULL)})
    if given == "":
        return frozenset({("1", "0\n" if "c" in options and not quiet else "")})
    if isinstance(given, str) and PLAIN_PATTERN.fullmatch(patterns[0]) and "w" not in options:
        found = any(re.search(patterns[0], line, re.IGNORECASE if "i" in options else 0) for line in given.splitlines())
        return frozenset({(OK, "" if quiet else FULL)}) if found else frozenset({("1", ANY)})
    return EITHER


def _finds(pattern: str, text: str) -> bool:
    """Whether a pattern without anything but letters and brackets is sure to fit."""
    try:
        return bool(PLAIN_PATTERN.fullmatch(pattern)) and re.search(pattern, text) is not None
    except re.error:
        return False


def _pgrep(words: Sequence[Field], _: Value, run: Run) -> frozenset[Result]:
    """`pgrep -f` finds the shell that waits for it, on whose command line its pattern stands."""
    whole_lines = any(isinstance(word, str) and re.fullmatch(r"-[a-z]*f[a-z]*", word) for word in words)
    patterns = [word for word in words if not prefix_of_field(word).startswith("-")]
    known = len(patterns) == 1 and isinstance(patterns[0], str)
    if whole_lines and known and not run.alone and _finds(str(patterns[0]), run.script):
        return frozenset({(OK, FULL)})
    return EITHER


ProcessList = Callable[[Sequence[Field], Value, Run], frozenset[Result]]
PROCESS_LISTS: Mapping[str, ProcessList] = {"ps": _ps, "grep": _grep, "egrep": _grep, "pgrep": _pgrep}
