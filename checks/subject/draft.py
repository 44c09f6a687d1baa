"""A change to a subject's files that would have it keep a rule, tried on a copy of it; and who knows of which rule how.

A requirement's `remedies.py` holds a function for each rule that a change to files can mend. It edits a draft, or
raises NoPatchError with the reason why only a person can.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from checks.core.verdict import Violation
from checks.subject import yaml_edit
from checks.subject.stack import Files
from checks.subject.yaml_edit import NotEditableError

SOONER = {"interval": "10s", "timeout": "5s", "retries": "3"}


class NoPatchError(Exception):
    """No change to files alone would do: its message says why, in a sentence."""


class Draft:
    """The files of a copy, being changed."""

    def __init__(self, files: Files) -> None:
        self.files = files
        self.before: dict[Path, str | None] = {}

    def text(self, path: Path) -> str:
        """What a file holds by now; its line ends stay."""
        with path.open(encoding="utf-8", newline="") as file:
            return file.read()

    def write(self, path: Path, text: str) -> None:
        """Change a file, or make it."""
        self.before.setdefault(path, self.text(path) if path.exists() else None)
        with path.open("w", encoding="utf-8", newline="") as file:
            file.write(text)

    def undo(self) -> None:
        """Put back every file that was changed."""
        for path, text in self.before.items():
            if text is None:
                path.unlink()
            else:
                self.write(path, text)

    def holding(self, *keys: str) -> list[Path]:
        """The Compose files in which these keys are written out, in the order in which they are merged."""
        return [path for path in self.files.subject.files if yaml_edit.node_at(self.text(path), keys) is not None]

    def set(self, service: str, *keys_and_value: str) -> None:
        """Set a key of a service: where it stands, else in the last file that says something of the service."""
        *keys, value = keys_and_value
        path = self._last(service, *keys)
        self.write(path, yaml_edit.with_key(self.text(path), ("services", service, *keys[:-1]), keys[-1], value))

    def probe_sooner(self, service: str) -> None:
        """Have its health check find within a minute that it is not well."""
        for key, value in SOONER.items():
            self.set(service, "healthcheck", key, value)

    def remove(self, service: str, key: str) -> None:
        """Take a key from a service, in every file that has it; raises NoPatchError where none does."""
        if not (holding := self.holding("services", service, key)):
            raise NoPatchError(f"`{key}` of `{service}` is not written out in its Compose file")
        for path in holding:
            self.write(path, yaml_edit.without_key(self.text(path), ("services", service, key)))

    def places(self, service: str, key: str) -> Iterator[tuple[Path, str]]:
        """(file, what is written there) of a key of a service."""
        for path in self.holding("services", service, key):
            text = self.text(path)
            if (node := yaml_edit.node_at(text, ("services", service, key))) is not None:
                yield path, yaml_edit.written(text, node)

    def _last(self, service: str, *keys: str) -> Path:
        for depth in range(len(keys), -1, -1):
            if holding := self.holding("services", service, *keys[:depth]):
                return holding[-1]
        raise NoPatchError(f"`{service}` is not written out in the project's own Compose files")


Remedy = Callable[[Draft, Violation], None]
_REMEDIES: dict[str, Remedy] = {}


def remedies(*rules: str) -> Callable[[Remedy], Remedy]:
    """Register a function as the one that mends these rules."""

    def register(remedy: Remedy) -> Remedy:
        _REMEDIES.update(dict.fromkeys(rules, remedy))
        return remedy

    return register


def by_name(violation: Violation) -> Mapping[str, object]:
    """{what a violation names, such as a service: what was seen of it}; none where it saw anything else."""
    return violation.seen if isinstance(violation.seen, Mapping) else {}


def drafted(rule: str, draft: Draft, violation: Violation) -> None:
    """Change what mends a rule; raises NoPatchError where that cannot be done by files."""
    if rule not in _REMEDIES:
        raise NoPatchError("what is to be written is for its owner to say")
    try:
        _REMEDIES[rule](draft, violation)
    except NotEditableError as problem:
        raise NoPatchError(str(problem)) from problem
    if not draft.before:
        raise NoPatchError("nothing of it is written out in the project's files")
