"""What checks see: a subject, its Compose project as files, and who runs it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from checks.subject.credentials import Credentials
from checks.subject.profile import Subject
from checks.subject.roles import Role, find_roles
from checks.subject.secrets import secrets_of
from stack.driver.project import ComposeProject
from stack.driver.runners.compose import ComposeRunner
from stack.driver.runners.protocol import Runner


@dataclass(frozen=True, kw_only=True)
class Stack:
    """A subject on the engine. What is asked tells what it costs: `project` a file, `runner` an engine."""

    subject: Subject
    project: ComposeProject
    runner: Runner

    @property
    def roles(self) -> Mapping[Role, str]:
        """{role: service}; raises SubjectError where a role is not exactly one service's."""
        return find_roles(self.project.config, self.subject.roles)

    @property
    def credentials(self) -> Credentials:
        """The logins that the profile names."""
        return Credentials(subject=self.subject, directory=self.project.directory)

    def secrets(self) -> dict[str, str]:
        """{name: text} of every one-line secret of it."""
        return secrets_of(self.project.config, self.credentials)


Mutation = Callable[[Stack], None]
"""Breaks one thing of a fresh stack before it starts: edits files in its directory, or calls `project.override`."""


def stack_of(subject: Subject, project: ComposeProject) -> Stack:
    """A stack that Compose runs."""
    return Stack(subject=subject, project=project, runner=ComposeRunner(project))
