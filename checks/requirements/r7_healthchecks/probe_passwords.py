"""Passwords on the command line of a health check: what they are called, and the same line without them."""

from collections.abc import Mapping, Sequence

from checks.subject.secret_options import on_command_line


def passwords_on(test: Sequence[str], secrets: Mapping[str, str]) -> tuple[str, ...]:
    """What passwords stand on it, by name: known secrets, and the words behind options that take one.

    A variable or `$(cat ...)` behind such an option counts: the shell puts the password itself there.
    """
    known = [name for name, secret in secrets.items() if secret in " ".join(test)]
    return tuple(dict.fromkeys((*known, *(one.name for one in on_command_line(test)))))


def without_passwords(test: Sequence[str], secrets: Mapping[str, str]) -> tuple[str, ...]:
    """The same command, fit to be written down."""
    hidden = [*secrets.values(), *(one.value for one in on_command_line(test) if one.is_literal)]
    words = list(test)
    for secret in sorted(hidden, key=len, reverse=True):
        words = [word.replace(secret, "<password>") for word in words]
    return tuple(words)
