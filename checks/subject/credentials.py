"""Logins that the profile names, and their passwords."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from checks.subject.compose_files import PROFILE_NAME
from checks.subject.plain_text import plain_text
from checks.subject.profile import Credential, Subject
from stack.driver.errors import SubjectError


@dataclass(frozen=True, kw_only=True)
class Credentials:
    """The logins of a subject, with the password files of one copy of it."""

    subject: Subject
    directory: Path

    def login(self, name: str) -> Credential:
        """A login that the profile names; raises SubjectError where it names none."""
        if name not in self.subject.credentials:
            raise SubjectError(f"{PROFILE_NAME} names no [credentials.{name}]", hint="the README tells what it is for")
        return self.subject.credentials[name]

    def password(self, name: str) -> str:
        """The password of a login; raises SubjectError where the profile names none, or its file cannot be read."""
        return text_of(self.file(name)).strip()

    def file(self, name: str) -> Path:
        """The file that the password of a login is in; raises SubjectError for one outside of the project."""
        file = self.directory / self.login(name).password_file
        if not file.resolve().is_relative_to(self.directory.resolve()):
            raise SubjectError(f"{PROFILE_NAME}: the password file of [credentials.{name}] lies outside of the project")
        return file


def text_of(file: Path) -> str:
    """The text of a file; raises SubjectError where it cannot be read."""
    try:
        return plain_text(file)
    except OSError as problem:
        raise SubjectError(f"{file} cannot be read: {problem.strerror}") from problem
