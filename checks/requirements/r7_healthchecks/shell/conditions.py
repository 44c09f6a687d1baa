"""`test` and `[`, by the number of their arguments (POSIX)."""

import operator
from collections.abc import Callable, Mapping, Sequence

from checks.requirements.r7_healthchecks.shell.values import (
    FAILED,
    OK,
    Field,
    Many,
    Some,
    Value,
    may_be_empty,
    prefix_of,
)

FOLDERS = {"/", "/dev", "/etc", "/proc", "/proc/1", "/proc/self", "/sys"}
FILES = {"/dev/null", "/etc/hostname", "/etc/hosts", "/etc/resolv.conf", "/proc/1/cmdline", "/proc/uptime"}
ALWAYS_THERE = FOLDERS | FILES
"""What Docker, or the kernel, gives every container, whatever becomes of what runs in it."""
THERE = {"-e": ALWAYS_THERE, "-r": ALWAYS_THERE, "-d": FOLDERS}
NUMBERS: Mapping[str, Callable[[int, int], bool]] = {
    "-eq": operator.eq,
    "-ne": operator.ne,
    "-lt": operator.lt,
    "-le": operator.le,
    "-gt": operator.gt,
    "-ge": operator.ge,
}
EITHER = frozenset({True, False})
Truth = frozenset[bool]


def tested(words: Sequence[Field]) -> frozenset[Value]:
    """How `test WORDS` may end."""
    known = [word for word in words if not isinstance(word, Many)]
    truth = _truth(known) if len(known) == len(words) else EITHER
    return frozenset(OK if true else FAILED for true in truth)


def _truth(words: list[Value]) -> Truth:
    match words:
        case []:
            return frozenset({False})
        case [one]:
            return _filled(one)
        case ["!", *others]:
            return _opposite(_truth(others))
        case ["-n", one]:
            return _filled(one)
        case ["-z", one]:
            return _opposite(_filled(one))
        case [str(what), str(path)] if path in THERE.get(what, ()):
            return frozenset({True})
        case [first, str(by), second]:
            return _related(first, by, second)
    return EITHER


def _related(first: Value, by: str, second: Value) -> Truth:
    if by in NUMBERS:
        return _compared(first, by, second)
    if by in {"=", "=="}:
        return _same(first, second)
    return _opposite(_same(first, second)) if by == "!=" else EITHER


def _opposite(truth: Truth) -> Truth:
    return frozenset(not true for true in truth)


def _filled(value: Value) -> Truth:
    if isinstance(value, str):
        return frozenset({value != ""})
    return EITHER if may_be_empty(value) else frozenset({True})


def _same(first: Value, second: Value) -> Truth:
    if isinstance(first, str) and isinstance(second, str):
        return frozenset({first == second})
    return frozenset({False}) if _differ(first, second) or _differ(second, first) else EITHER


def _differ(known: Value, other: Value) -> bool:
    """Whether a text cannot be the other, by what is known of that."""
    if not isinstance(known, str) or isinstance(other, str):
        return False
    no_number = other.number and not (known.isdecimal() and int(known) != 0)
    return no_number or not known.startswith(prefix_of(other)) or (known == "" and not may_be_empty(other))


def _compared(first: Value, by: str, second: Value) -> Truth:
    one, other = _numbers(first), _numbers(second)
    if not one or not other:
        return EITHER
    return frozenset(NUMBERS[by](left, right) for left in one for right in other)


def _numbers(value: Value) -> range:
    """The numbers that it may be; empty where that is not known."""
    if isinstance(value, Some):
        return range(1, 256) if value.number else range(0)
    text = value.strip()
    digits = text.removeprefix("-")
    return range(int(text), int(text) + 1) if digits.isdecimal() and digits.isascii() else range(0)
