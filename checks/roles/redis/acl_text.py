"""Where users of Redis stand in a text: an ACL file, redis.conf, a command line or a script."""

import re
from collections.abc import Iterator
from itertools import takewhile

from stack.ops.agents.aof_archive import words_of

RULE = re.compile(
    r"(?!--)[~%&+\-#!<>(].*|on|off|nopass|reset\w*|all\w+|no\w+|(sanitize|skip-sanitize)-payload|clear\w+"
)


def has_plain_password(text: str) -> bool:
    """Whether a user is given a password as it is (`>password`) in a file or on a command line that Redis reads."""
    return any(_is_plain(rule) for line in text.splitlines() for rules in _rules_in(line) for rule in rules)


def _is_plain(rule: str) -> bool:
    return rule.startswith(">") and len(rule) > 1


def _rules_in(line: str) -> Iterator[list[str]]:
    """The rules of each user on a line: of a file (`user app on ...`), or of a command line (`--user app on ...`)."""
    words = [word.decode(errors="replace") for word in words_of(line.encode(errors="replace"))]
    for place, word in enumerate(words):
        if place == 0 and word.lower() == "user":
            yield words[2:]
        elif word.lower() == "--user":
            yield list(takewhile(RULE.fullmatch, words[place + 2 :]))
        elif word.lower() == "setuser":  # of a script, which may have the password from elsewhere
            yield [rule for rule in takewhile(RULE.fullmatch, words[place + 2 :]) if not rule.startswith(">$")]
