"""A stack whose Compose file is resolved by hand: for tests of what reads it, where no Docker is."""

from __future__ import annotations

import ast
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest

from checks.subject import mutation, profile
from checks.subject.profile import Subject
from checks.subject.stack import Mutation, Stack, stack_of
from stack import SHIPPED
from stack.driver.project import OVERRIDE_NAME, ComposeProject, Config
from stack.ops import secrets

FIRST_OVERRIDE = f"{OVERRIDE_NAME}.0"
SHIPPED_SERVICES = {
    "api": {"image": "api", "ports": [{"target": 5000}]},
    "redis": {"image": "redis", "entrypoint": ["redis-server", "/etc/redis.conf"]},
    "prometheus": {"image": "prometheus"},
}


class ResolvedProject(ComposeProject):
    """Says what it was given, whatever is laid over it."""

    def __init__(self, directory: Path, name: str, config: Config) -> None:
        super().__init__(directory, "compose.yaml", name)
        self._given = config

    @property
    def config(self) -> Config:
        return self._given

    @property
    def declared(self) -> Config:
        return self._given

    @property
    def profiled(self) -> Mapping[str, Config]:
        return {}


def resolved(subject: Subject, directory: Path, config: Config, *, name: str = "checks-1") -> Stack:
    """A copy of a subject in `directory`."""
    return stack_of(subject, ResolvedProject(directory, name, config))


def shipped_copy(folder: Path) -> Stack:
    """A copy of the shipped directory with secrets in it, as a fresh stack starts from."""
    directory = folder / "copy"
    shutil.copytree(SHIPPED, directory, ignore=shutil.ignore_patterns(*profile.read(SHIPPED).leave_out))
    secrets.ensure(directory / "secrets", {"api": os.geteuid(), "redis": os.geteuid()})
    return resolved(profile.read(directory), directory, {"services": SHIPPED_SERVICES})


def texts(stack: Stack) -> dict[str, str]:
    """{path: text} of every file of a copy."""
    found = [path for path in stack.project.directory.rglob("*") if path.is_file()]
    return {str(path.relative_to(stack.project.directory)): path.read_text() for path in found}


def changed_by(mutation: Mutation, folder: Path) -> dict[str, str]:
    """{path: text} of the files of a shipped copy that a mutation changes or makes."""
    stack = shipped_copy(folder)
    before = texts(stack)
    mutation(stack)
    return {path: text for path, text in texts(stack).items() if before.get(path) != text}


def source_with(change: Mutation, module: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A module of the shipped service as a mutation leaves it; raises SyntaxError for one that no longer compiles."""
    source = SHIPPED.parent / "service"
    monkeypatch.setattr(
        mutation, "file_in_image", lambda _stack, _service, path: (source / Path(path).name).read_text()
    )
    stack = shipped_copy(folder)
    change(stack)
    changed = (stack.project.directory / module).read_text()
    ast.parse(changed)
    assert changed != (source / module).read_text()
    return changed
