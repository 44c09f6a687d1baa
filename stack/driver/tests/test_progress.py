"""Progress without a terminal is a line per change, and nothing else."""

import io
import re

import pytest
from rich.console import Console

from stack.driver.progress import Progress


def lines(text: str) -> list[str]:
    return [re.sub(r"^\[ *\d+\.\d s\] ", "", line) for line in text.splitlines()]


def plain() -> tuple[Progress, io.StringIO]:
    out = io.StringIO()
    return Progress(Console(file=out, highlight=False, width=40)), out


def test_a_state_is_a_line_and_repeats_are_not_repeated() -> None:
    progress, out = plain()
    with progress:
        for name, state in [("api", "starting"), ("redis", "healthy"), ("api", "starting"), ("api", "healthy")]:
            progress.show(name, state)
    assert lines(out.getvalue()) == ["api: starting", "redis: healthy", "api: healthy"]


def test_a_state_that_comes_back_is_told_again() -> None:
    progress, out = plain()
    for state in ("healthy", "unhealthy", "healthy"):
        progress.show("api", state)
    assert lines(out.getvalue()) == ["api: healthy", "api: unhealthy", "api: healthy"]


def test_what_is_said_stands_as_it_was_said() -> None:
    progress, out = plain()
    said = "[red] is no markup, and a line longer than the terminal is wide is not broken"
    progress.say(said)
    assert lines(out.getvalue()) == [said]


def test_progress_belongs_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    with Progress() as progress:
        progress.show("api", "healthy")
    shown = capsys.readouterr()
    assert (shown.out, lines(shown.err)) == ("", ["api: healthy"])


def test_a_terminal_keeps_only_what_was_said() -> None:
    out = io.StringIO()
    with Progress(Console(file=out, force_terminal=True, width=80, color_system=None)) as progress:
        progress.show("api", "starting")
        progress.say("engine started")
    assert "api  starting" in out.getvalue()
    assert out.getvalue().rpartition("engine started")[2].endswith("\x1b[2K")  # the live lines are wiped
