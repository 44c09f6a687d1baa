"""A fault is injected into what runs, and reverted where that still runs."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from checks.faults import host
from checks.faults.host import Injection
from checks.subject.profile import Subject
from checks.subject.stack import Stack, stack_of
from stack.driver.errors import StackError
from stack.driver.labels import Labels
from stack.driver.project import ComposeProject


@pytest.fixture
def stack(tmp_path: Path) -> Stack:
    subject = Subject(compose_file=tmp_path / "compose.yaml")
    return stack_of(subject, ComposeProject(tmp_path, "compose.yaml", "checks-1"))


def test_what_was_restarted_meanwhile_is_not_reverted(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    done = Injection(fault="pids", pid=7, container="abc", at=datetime.now(UTC), kept={})
    reverted: list[Injection] = []

    def revert_in(_: Labels, injection: Injection) -> None:
        reverted.append(injection)
        monkeypatch.setattr(host, "main_process", lambda *_: 8)
        raise StackError("its main process has gone")

    monkeypatch.setattr(host, "revert_in", revert_in)
    monkeypatch.setattr(host, "main_process", lambda *_: 8)
    host.revert(stack, "redis", done)
    assert reverted == []
    monkeypatch.setattr(host, "main_process", lambda *_: 7)
    host.revert(stack, "redis", done)  # restarted just now
    assert reverted == [done]
