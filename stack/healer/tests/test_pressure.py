"""How much the machine starved in a given time, from what its kernel counts."""

import asyncio
import json
from pathlib import Path

import pytest

from stack.healer.pressure import KEPT_SECONDS, Pressure


class Kernel:
    """A kernel whose tasks wait as told, and a clock to go with it."""

    def __init__(self, folder: Path, start: float = 1000.0) -> None:
        self.now, self.waited, self.file = start, 500.0, folder / "cpu"

    def pass_time(self, seconds: float, share: float = 0.0) -> None:
        self.now, self.waited = self.now + seconds, self.waited + seconds * share

    def tell(self, avg10: float = 0.0, avg60: float = 0.0) -> None:
        told = f"avg10={avg10:.2f} avg60={avg60:.2f} avg300=0.00 total="
        self.file.write_text(f"some {told}{self.waited * 1e6:.0f}\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n")


@pytest.fixture
def kernel(tmp_path: Path) -> Kernel:
    return Kernel(tmp_path)


@pytest.fixture
def pressure(kernel: Kernel) -> Pressure:
    kernel.tell()
    pressure = Pressure(kernel.file, clock=lambda: kernel.now)
    assert pressure.sample()
    return pressure


def live(pressure: Pressure, kernel: Kernel, *shares: float) -> None:
    """Have a second pass with each of these shares."""
    for share in shares:
        kernel.pass_time(1, share)
        kernel.tell()
        pressure.sample()


def test_a_share_is_of_the_time_asked_for(pressure: Pressure, kernel: Kernel) -> None:
    live(pressure, kernel, 0, 0, 1, 1, 0.5)
    assert pressure.share(1000, 1002) == pytest.approx(0)
    assert pressure.share(1002, 1004) == pytest.approx(1)
    assert pressure.share(1001.5, 1002.5) == pytest.approx(0.5)
    assert pressure.share(1000, 1005) == pytest.approx(0.5)


def test_what_comes_after_the_last_sample_goes_on_as_it_was(pressure: Pressure, kernel: Kernel) -> None:
    live(pressure, kernel, 0, 0.9)
    assert pressure.share(1001.5, 1002.4) == pytest.approx(0.9)


@pytest.mark.parametrize("window", [(0, 1), (900, 1001), (1001, 1001), (1002, 1001)])
def test_of_a_time_that_is_not_known_nothing_is_said(
    pressure: Pressure, kernel: Kernel, window: tuple[float, float]
) -> None:
    live(pressure, kernel, 1, 1)
    assert pressure.share(*window) is None


def test_a_healer_started_while_starved_knows_it_from_averages(kernel: Kernel) -> None:
    kernel.tell(avg10=100.0, avg60=50.0)
    pressure = Pressure(kernel.file, clock=lambda: kernel.now)
    pressure.sample()
    assert pressure.share(995, 999) == pytest.approx(1)
    assert pressure.share(940, 1000) == pytest.approx(0.5)


def test_old_samples_are_thrown_away(pressure: Pressure, kernel: Kernel) -> None:
    live(pressure, kernel, *[0.0] * 500)
    assert len(pressure.samples) <= KEPT_SECONDS + 1


def test_a_clock_that_is_set_back_begins_anew(pressure: Pressure, kernel: Kernel) -> None:
    live(pressure, kernel, 1, 1, 1)
    kernel.now -= 3600
    live(pressure, kernel, 0, 0)
    assert pressure.share(kernel.now - 1, kernel.now) == pytest.approx(0)
    assert pressure.share(1000, 1003) is not None  # the future, as far as this clock can tell: as it was last


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "this kernel does not tell of CPU pressure: No such file or directory"),
        ("", "what this kernel tells of CPU pressure is not understood"),
        ("some avg10=much\n", "what this kernel tells of CPU pressure is not understood"),
    ],
)
def test_a_kernel_that_tells_nothing_excuses_nobody(
    tmp_path: Path, content: str | None, reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    if content is not None:
        (tmp_path / "cpu").write_text(content)
    pressure = Pressure(tmp_path / "cpu")
    asyncio.run(asyncio.wait_for(pressure.watch(), 1))
    assert [json.loads(line)["reason"] for line in capsys.readouterr().out.splitlines()] == [reason]
    assert pressure.share(0, 1) is None
