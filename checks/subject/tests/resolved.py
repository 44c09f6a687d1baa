"""A stack whose Compose file is resolved by hand: for tests of what reads it, where no Docker is."""

from __future__ import annotations

from pathlib import Path

from checks.subject.profile import Subject
from checks.subject.stack import Stack, stack_of
from stack.driver.project import ComposeProject, Config


class ResolvedProject(ComposeProject):
    """Says what it was given, whatever is laid over it."""

    def __init__(self, directory: Path, name: str, config: Config) -> None:
        super().__init__(directory, "compose.yaml", name)
        self._given = config

    @property
    def config(self) -> Config:
        return self._given


def resolved(subject: Subject, directory: Path, config: Config, *, name: str = "checks-1") -> Stack:
    """A copy of a subject in `directory`."""
    return stack_of(subject, ResolvedProject(directory, name, config))
