"""Logins that the profile names."""

from __future__ import annotations

from pathlib import Path

from stack.driver.errors import SubjectError


def text_of(file: Path) -> str:
    try:
        return file.read_text(errors="replace")
    except OSError as problem:
        raise SubjectError(f"{file} cannot be read: {problem.strerror}") from problem
