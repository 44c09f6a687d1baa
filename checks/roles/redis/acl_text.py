"""Where users of Redis stand in a text: an ACL file, redis.conf, a command line or a script."""

import itertools
import re
from collections.abc import Iterator
from itertools import takewhile

from stack.ops.agents.aof_archive import words_of

RULE = re.compile(
    r"(?!--)\\?[~%&+\-#!<>(].*|on|off|nopass|reset\w*|all\w+|no\w+|(sanitize|skip-sanitize)-payload|clear\w+",
    re.IGNORECASE,
)
HERE_DOCUMENT = re.compile(r"<<-?\s*(?P<end>\w+)\s*(?:$|[;&|>])")  # without quotes: what is in it is filled in
FILLED_IN = (">$", ">%")  # by a shell, or by printf: the password is from elsewhere


def has_plain_password(text: str) -> bool:
    """Whether a user is given a password as it is (`>password`) in a file or on a command line that Redis reads."""
    return any(
        _is_plain(rule) and not (of_a_shell and rule.startswith(FILLED_IN))
        for line, of_a_shell in _lines(text)
        for rules in _rules_in(line)
        for rule in rules
    )


def _lines(text: str) -> Iterator[tuple[str, bool]]:
    """Each line, and whether a shell fills variables into it."""
    end = ""
    for line in text.splitlines():
        if line.strip() == end:
            end = ""
        yield line, bool(end)
        if not end and (found := HERE_DOCUMENT.search(line)):
            end = found["end"]


def _is_plain(rule: str) -> bool:
    return rule.startswith(">") and len(rule) > 1


def _rules_in(line: str) -> Iterator[list[str]]:
    """The rules of each user on a line: of a file (`user app on ...`), a command line (`--user app on ...`), a script.

    What a script has in quotes, such as a line that it writes into a file, is looked through like a line itself.
    """
    words = [word.decode(errors="replace") for word in words_of(line.encode(errors="replace"))]
    if line.lstrip().startswith("#"):
        return
    for place, (word, behind) in enumerate(itertools.pairwise([*words, ""])):
        rules = list(takewhile(RULE.fullmatch, words[place + 2 :]))
        match word.lower():
            case "user" if place == 0:
                yield words[2:]
            case "user":  # behind `echo`, where `>` would lead into a file
                yield [rule[1:] for rule in rules if rule.startswith("\\>") and not rule[1:].startswith(FILLED_IN)]
            case "--user":
                yield behind.split()[1:] if " " in behind else [rule.removeprefix("\\") for rule in rules]
            case "setuser":
                yield [rule for rule in rules if not rule.startswith(FILLED_IN)]
            case _ if " " in word:
                yield from ([one for one in found if not one.startswith(FILLED_IN)] for found in _rules_in(word))
