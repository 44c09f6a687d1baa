"""Whether a health check only looks on: at processes and files, and never asks the service."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from tree_sitter import Node

from checks.requirements.r7_healthchecks.shell.grammar import every_node, parsed, text_of
from checks.requirements.r7_healthchecks.shell.programs import SHELLS, name_of, unwrapped
from checks.requirements.r7_healthchecks.shell.state import NotFollowedError

NOTHING_SEEN = {"true", "false", ":", "echo", "printf", "exit", "return", "sleep", "set", "cd", "export"}
LOOK_ON = NOTHING_SEEN | {
    "pgrep", "pidof", "ps", "grep", "egrep", "fgrep", "test", "[", "cat", "ls", "head", "tail", "wc", "cut", "awk",
    "sed", "tr", "kill", "killall", "readlink",
}  # fmt: skip
CONNECTS = re.compile(r"/dev/(tcp|udp)/|/inet/")  # of bash and gawk, which ask without a program of their own
PLAIN = re.compile(r"[\w./\[:+-]+")


def onlookers(test: Sequence[str]) -> tuple[str, ...]:
    """The programs that a health check runs, where all of them only look on; () where one is not known to."""
    try:
        programs = list(dict.fromkeys(_programs(test)))
    except NotFollowedError:
        return ()
    looking = set(programs) - NOTHING_SEEN
    return tuple(programs) if looking and set(programs) <= LOOK_ON else ()


def _programs(test: Sequence[str]) -> Iterator[str]:
    match list(test):
        case ["CMD-SHELL", script]:
            yield from _in_script(script)
        case ["CMD", *words] if words:
            yield from _in_words(words)


def _in_words(words: Sequence[str]) -> Iterator[str]:
    rest = unwrapped(words)
    name = name_of(rest)
    if name not in SHELLS:
        yield name
    elif len(rest) == 3 and rest[1] in {"-c", "-ec"}:
        yield from _in_script(str(rest[2]))
    else:
        raise NotFollowedError("a script that is not here to be read")


def _in_script(script: str) -> Iterator[str]:
    if CONNECTS.search(script):
        raise NotFollowedError("it connects")
    for node in every_node(parsed(script, bash=True)):
        if node.type == "test_command":
            yield "test"
        elif node.type == "function_definition":
            raise NotFollowedError("a function")
        elif node.type == "command":
            yield from _in_words([_word(child) for child in node.named_children if child.type != "variable_assignment"])


def _word(node: Node) -> str:
    """A word as it stands: a name that is put together by the shell is none that is known."""
    text = text_of(node)
    if node.type == "command_name" and not PLAIN.fullmatch(text):
        raise NotFollowedError("a program whose name is not told")
    return text.strip("'\"") if node.type in {"raw_string", "string"} else text
