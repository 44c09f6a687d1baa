"""Progress without a terminal is a line per change, and nothing else."""

import io
import re

import pytest
from rich.console import Console

from stack.driver.progress import Board


def lines(text: str) -> list[str]:
    return [re.sub(r"^\[ *\d+\.\d s\] ", "", line) for line in text.splitlines()]


def plain() -> tuple[Board, io.StringIO]:
    out = io.StringIO()
    return Board(Console(file=out, highlight=False, width=40)), out


def test_a_state_is_a_line_and_repeats_are_not_repeated() -> None:
    board, out = plain()
    with board:
        for name, state in [("api", "starting"), ("redis", "healthy"), ("api", "starting"), ("api", "healthy")]:
            board.show(name, state)
    assert lines(out.getvalue()) == ["api: starting", "redis: healthy", "api: healthy"]


def test_a_state_that_comes_back_is_told_again() -> None:
    board, out = plain()
    for state in ("healthy", "unhealthy", "healthy"):
        board.show("api", state)
    assert lines(out.getvalue()) == ["api: healthy", "api: unhealthy", "api: healthy"]


def test_what_is_said_stands_as_it_was_said() -> None:
    board, out = plain()
    said = "[red] is no markup, and a line longer than the terminal is wide is not broken"
    board.say(said)
    assert lines(out.getvalue()) == [said]


def test_progress_belongs_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    with Board() as board:
        board.show("api", "healthy")
    shown = capsys.readouterr()
    assert (shown.out, lines(shown.err)) == ("", ["api: healthy"])


def test_a_terminal_keeps_only_what_was_said() -> None:
    out = io.StringIO()
    with Board(Console(file=out, force_terminal=True, width=80, color_system=None)) as board:
        board.show("api", "starting")
        board.say("engine started")
    assert "api  starting" in out.getvalue()
    assert out.getvalue().rpartition("engine started")[2].endswith("\x1b[2K")  # the live lines are wiped
