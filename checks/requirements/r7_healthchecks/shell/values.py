"""Texts of which all is known, or the beginning, or nothing."""

from dataclasses import dataclass
from enum import Enum, auto


@dataclass(frozen=True, kw_only=True)
class Some:
    """A text that begins like this; `number` is one of 1 to 255, `processes` what `ps` says of all that run."""

    prefix: str = ""
    may_be_empty: bool = True
    number: bool = False
    processes: bool = False


class Many(Enum):
    """What stands for any number of words."""

    WORDS = auto()


Value = str | Some
Field = Value | Many
ANY = Some()
FULL = Some(may_be_empty=False)
FAILED = Some(may_be_empty=False, number=True)
PROCESSES = Some(may_be_empty=False, processes=True)
OK = "0"
LONGEST = 2000  # of a text that is followed letter by letter


def joined(first: Value, second: Value) -> Value:
    """One text behind another."""
    if first == "" or second == "":
        return second if first == "" else first
    if isinstance(first, str) and isinstance(second, str) and len(first) + len(second) <= LONGEST:
        return first + second
    if isinstance(first, str):
        return Some(prefix=first[:LONGEST] + prefix_of(second)[:LONGEST], may_be_empty=False)
    return Some(prefix=first.prefix, may_be_empty=first.may_be_empty and may_be_empty(second))


def prefix_of(value: Value) -> str:
    return value if isinstance(value, str) else value.prefix


def may_be_empty(value: Value) -> bool:
    return value == "" if isinstance(value, str) else value.may_be_empty and not value.prefix


def without_last_lines(value: Value) -> Value:
    """As a command substitution gives it: without the newlines at its end."""
    if isinstance(value, str):
        return value.rstrip("\n")
    return value if not value.prefix.endswith("\n") else Some(prefix=value.prefix.rstrip("\n"))
