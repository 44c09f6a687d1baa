"""What the command line of a health check tells by itself: that it cannot fail, or that a password stands on it."""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePosixPath

SHELLS = {"sh", "ash", "bash", "dash", "zsh"}
PASSES = {"true", ":", "echo", "printf"}  # these end in 0 whatever happened before
PASSES_AFTER_A_PIPE = {"cat", "cut", "head", "sort", "tail", "tee", "tr", "uniq", "wc"}  # these too, given any input
COMPOUND_ENDS = {"fi", "done", "esac"}
BRACKETS = {"(", ")", "{", "}"}
WRAPPERS = {"exec", "command", "env", "nice"}
TIMEOUT_OPTIONS_WITH_VALUE = {"-s", "--signal", "-k", "--kill-after"}
REDIS_CLIENTS = {"redis-cli", "valkey-cli"}
REDIS_FLAGS = {
    "-e",
    "-c",
    "-x",
    "-2",
    "-3",
    "-4",
    "-6",
    "--no-auth-warning",
    "--raw",
    "--no-raw",
    "--tls",
    "--insecure",
}

Pipeline = tuple[str, list[list[str]]]
"""What stands before it (`&&`, `;`, ...), and its commands as words."""

TOKEN = re.compile(
    r"""(?P<redirection>\d*(?:>>?|<<?)&?\s*[^\s;|&()]+ | &>\s*\S+)
      | (?P<connector>\|\| | && | [;\n&])
      | (?P<pipe>\|)
      | (?P<word>[()] | (?: "(?:\\.|[^"\\])*" | '[^']*' | \$\((?:[^()]|\([^()]*\))*\) | \\. | [^\s;|&()<>"'\\] )+)""",
    re.VERBOSE,
)
ASSIGNMENT = re.compile(r"\w+=")
PASSWORDS = {
    "-a": re.compile(r"(?:redis|valkey)-cli\b[^|;&]*?\s-a\s+(?P<it>\S+)"),
    "--pass": re.compile(r"--(?:pass|password|requirepass)(?:=|\s+)(?P<it>\S+)"),
    "--user": re.compile(r"\s(?:-u|--user)(?:=|\s+)[^\s:/]+:(?P<it>[^\s/]\S*)"),
    "password in an assignment": re.compile(r"\w*(?:AUTH|PASS|SECRET|TOKEN)\w*=[\"']?(?P<it>[^\s\"'$`]+)"),
    "password in an address": re.compile(r"\w://[^\s/:@]*:(?P<it>[^\s/@]+)@"),
}


def passes_whatever_happens(test: Sequence[str]) -> str:
    """Why this health check (`Test` of docker inspect) cannot fail; '' where no reason is to be seen.

    Not every reason is: who breaks the service, and looks whether Docker finds out, has the last word.
    """
    match list(test):
        case ["CMD-SHELL", script]:
            return _script(script)
        case ["CMD", *words]:
            return _command(words)
    return ""


def passwords_on(test: Sequence[str], secrets: Mapping[str, str]) -> tuple[str, ...]:
    """What passwords stand on it, by name: known secrets, and the words behind options that take one.

    A variable or `$(cat ...)` behind such an option counts: the shell puts the password itself there.
    """
    line = " ".join(test)
    known = [name for name, secret in secrets.items() if secret in line]
    return (*known, *(name for name, pattern in PASSWORDS.items() if pattern.search(line)))


def without_passwords(test: Sequence[str], secrets: Mapping[str, str]) -> tuple[str, ...]:
    """The same command, fit to be written down."""
    literal = [found["it"] for pattern in PASSWORDS.values() for found in pattern.finditer(" ".join(test))]
    hidden = [*secrets.values(), *(word for word in literal if "$" not in word)]
    words = list(test)
    for secret in sorted(hidden, key=len, reverse=True):
        words = [word.replace(secret, "<password>") for word in words]
    return tuple(words)


def _script(script: str) -> str:
    """By the rules of the shell: `a; b` ends as b does, `a && b` fails if either does, `a || b` only if both do."""
    why = ""
    for connector, pipeline in _after_compounds(list(_pipelines(script))):
        this = _pipeline(pipeline, pipefail="pipefail" in script)
        match connector:
            case "&&":
                why = why if this else ""
            case "||":
                why = why or this
            case _:
                why = this
        if connector not in {"&&", "||"} and pipeline[-1][:1] == ["exit"]:
            break
    return why


def _after_compounds(pipelines: list[Pipeline]) -> list[Pipeline]:
    """What follows the last `if ... fi` or loop: which of its branches decides is not told by looking."""
    ends = [
        place for place, (_, commands) in enumerate(pipelines, 1) if commands[0][:1] and commands[0][0] in COMPOUND_ENDS
    ]
    return pipelines[ends[-1] :] if ends else pipelines


def _pipelines(script: str) -> Iterator[Pipeline]:
    """Every pipeline that has a command."""
    connector = ""
    commands: list[list[str]] = [[]]
    for token in TOKEN.finditer(script):
        if token.lastgroup == "connector":
            if any(commands):
                yield connector, commands
            connector, commands = token.group(), [[]]
        elif token.lastgroup == "pipe":
            commands.append([])
        elif token.lastgroup == "word" and token.group() not in BRACKETS:
            commands[-1].append(_unquoted(token.group()))
    if any(commands):
        yield connector, commands


def _pipeline(commands: list[list[str]], *, pipefail: bool) -> str:
    *before, last = commands
    if pipefail and not all(_command(command) for command in before):
        return ""
    if before and last[:1] and last[0] in PASSES_AFTER_A_PIPE:
        return f"a pipe into `{last[0]}` hides the status"
    return _command(last)


def _command(words: Sequence[str]) -> str:
    words = _unwrapped(list(words))
    program = PurePosixPath(words[0]).name if words else ""
    if program in SHELLS and (script := _inner_script(words)):
        return _script(script)
    if program in PASSES or words == ["exit", "0"]:
        return f"`{' '.join(words[:2])}` always passes"
    if program in REDIS_CLIENTS and "-e" not in _options(words):
        return f"`{program}` without -e passes on an error reply"
    return ""


def _unwrapped(words: list[str]) -> list[str]:
    """Without assignments and commands that only run another."""
    while words:
        if ASSIGNMENT.match(words[0]) or words[0] in WRAPPERS:
            words = words[1:]
        elif words[0] == "timeout":
            words = _after_timeout(words[1:])
        else:
            break
    return words


def _after_timeout(words: list[str]) -> list[str]:
    while words and words[0].startswith("-"):
        words = words[2 if words[0] in TIMEOUT_OPTIONS_WITH_VALUE else 1 :]
    return words[1:]  # what comes first now is the duration


def _inner_script(words: list[str]) -> str:
    """The script of `sh -c SCRIPT`, with pipefail in it where an option asks for that."""
    for place, word in enumerate(words[:-1]):
        if re.fullmatch(r"-\w*c", word):
            return ("set -o pipefail; " if "pipefail" in words[:place] else "") + words[place + 1]
    return ""


def _options(words: list[str]) -> list[str]:
    """The options of redis-cli: what stands behind the command is sent to the server."""
    found, rest = [], words[1:]
    while rest and rest[0].startswith("-"):
        found.append(rest[0])
        rest = rest[1 if rest[0] in REDIS_FLAGS else 2 :]
    return found


def _unquoted(word: str) -> str:
    return word[1:-1] if len(word) > 1 and word[0] == word[-1] and word[0] in "\"'" else word
