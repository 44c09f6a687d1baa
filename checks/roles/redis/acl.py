"""Users of Redis as their rules make them (ACL SETUSER, ACL LIST, ACL files), evaluated in order as Redis does."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from checks.roles.redis.commands import Categories, known

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
