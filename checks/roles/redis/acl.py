"""Users of Redis as their rules make them (ACL SETUSER, ACL LIST, ACL files), evaluated in order as Redis does."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile

from checks.roles.redis.commands import Categories, known
from stack.ops.agents.aof_archive import words_of

RULE = re.compile(r"(?!--)[~%&+\-#!<>(].*|on|off|nopass|reset\w*|all\w+|no\w+|(sanitize|skip-sanitize)-payload|clear\w+")
GIVES_EVERYTHING = "acl|setuser"  # whoever may run it may give itself all the rest

Commands = frozenset[str]


@dataclass(frozen=True, kw_only=True)
class Account:
    """What a user is: whether it is on, gets in with any password, and what each of its sets of rules allows."""

    on: bool = False
    nopass: bool = False
    allowed: Commands = frozenset()
    selectors: tuple[Commands, ...] = ()

    def may(self, command: str) -> bool:
        """Whether some key lets it run a command (`get`, `acl|setuser`)."""
        return any(command in commands for commands in (self.allowed, *self.selectors))


def account(rules: Sequence[str], table: Categories | None = None) -> Account:
    """The user that these words make, each set of rules evaluated for itself: those in brackets are selectors."""
    table, found = known() if table is None else table, Account()
    for rule in _with_whole_selectors(rules):
        found = _after(rule, found, table)
    return found


def _after(rule: str, found: Account, table: Categories) -> Account:
    match rule.lower():
        case "reset":
            return Account()
        case "on" | "off":
            return replace(found, on=rule.lower() == "on")
        case "nopass":
            return replace(found, nopass=True)
        case "clearselectors":
            return replace(found, selectors=())
        case "resetpass":
            return replace(found, nopass=False)
    if rule.startswith(("#", ">")):  # a password is needed from now on
        return replace(found, nopass=False)
    if rule.startswith("("):
        return replace(found, selectors=(*found.selectors, allowed(rule.strip("()").split(), table)))
    return replace(found, allowed=_changed(found.allowed, rule.lower(), table))


def allowed(rules: Sequence[str], table: Categories) -> Commands:
    """The commands that rules without a user's own (on, nopass ...) come to."""
    found: Commands = frozenset()
    for rule in rules:
        found = _changed(found, rule.lower(), table)
    return found


def _changed(before: Commands, rule: str, table: Categories) -> Commands:
    """After one rule; rules about keys and channels change nothing here, nor do names that the table has not."""
    if rule in {"allcommands", "+@all"}:
        return frozenset(table)
    if rule in {"nocommands", "-@all"}:
        return frozenset()
    if rule.startswith("+"):
        return before | _meant(rule[1:], table)
    return before - _meant(rule[1:], table) if rule.startswith("-") else before


def _meant(name: str, table: Categories) -> Commands:
    """The commands of a category, or of a name; a command stands for its subcommands as well."""
    own = {one for one in table if name[1:] in table[one]} if name.startswith("@") else {name} & set(table)
    return frozenset(own | {one for one in table if one.partition("|")[0] in own})


def _with_whole_selectors(words: Sequence[str]) -> Iterator[str]:
    """The rules, a selector as one: ACL LIST separates its words as it does others."""
    inside: list[str] = []
    for word in words:
        if inside or word.startswith("("):
            inside.append(word)
            if word.endswith(")"):
                yield " ".join(inside)
                inside = []
        else:
            yield word


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
