"""What is read from the kernel's files, as several kernels have them."""

import time
from pathlib import Path

import pytest

from checks.harness.pressure import Canary, Gauge, between, recent_cpu, totals

PSI = "some avg10={avg} avg60=0.00 avg300=0.00 total={total}\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n"
STAT = "cpu  {user} 0 50 {idle} 0 0 0 {steal} 7 0\ncpu0 1 0 5 80 0 0 0 5 0 0\n"


def kernel(folder: Path, *, cpu: int, steal: int, user: int) -> Path:
    (folder / "pressure").mkdir(parents=True, exist_ok=True)
    for name, total in (("cpu", cpu), ("memory", 0), ("io", 1000)):
        (folder / "pressure" / name).write_text(PSI.format(avg="91.50", total=total))
    (folder / "stat").write_text(STAT.format(user=user, idle=800, steal=steal))
    return folder


def test_a_window_is_what_was_counted_between_its_ends(tmp_path: Path) -> None:
    before = totals(kernel(tmp_path, cpu=5_000_000, steal=10, user=100), tmp_path)
    time.sleep(0.05)
    after = totals(kernel(tmp_path, cpu=5_000_000 + 25_000, steal=40, user=170), tmp_path)
    seen = between(before, after, 0.25)
    assert seen.cpu == pytest.approx(0.025 / seen.seconds, abs=0.01)
    assert (seen.memory, seen.io, seen.steal, seen.delay_s, seen.throttled) == (0.0, 0.0, 0.3, 0.25, None)


def test_no_share_is_more_than_the_whole(tmp_path: Path) -> None:
    before = totals(kernel(tmp_path, cpu=0, steal=0, user=0), tmp_path)
    after = totals(kernel(tmp_path, cpu=60_000_000, steal=0, user=1), tmp_path)
    assert between(before, after, 0.0).cpu == 1.0


def test_a_kernel_without_stall_times_leaves_them_out(tmp_path: Path) -> None:
    before, after = totals(tmp_path, tmp_path), totals(tmp_path, tmp_path)
    seen = between(before, after, 0.5)
    assert (seen.cpu, seen.memory, seen.io, seen.steal, seen.throttled) == (None, None, None, None, None)
    assert seen.delay_s == 0.5
    assert recent_cpu(tmp_path) == 0.0


def test_the_last_ten_seconds_are_a_share(tmp_path: Path) -> None:
    assert recent_cpu(kernel(tmp_path, cpu=0, steal=0, user=0)) == 0.915


@pytest.mark.parametrize(
    ("place", "before", "after"),
    [
        ("cpu,cpuacct/docker/abc", "nr_throttled 1\nthrottled_time 1000000000\n", "throttled_time 1030000000\n"),
        ("docker/abc", "usage_usec 5\nthrottled_usec 2000000\n", "usage_usec 9\nthrottled_usec 2030000\n"),
        ("system.slice/docker-abc.scope", "throttled_usec 0\n", "throttled_usec 30000\n"),
    ],
)
def test_the_quota_of_a_container_is_found_in_each_layout(tmp_path: Path, place: str, before: str, after: str) -> None:
    (tmp_path / place).mkdir(parents=True)
    (tmp_path / place / "cpu.stat").write_text(before)
    first = totals(tmp_path, tmp_path)
    time.sleep(0.05)
    (tmp_path / place / "cpu.stat").write_text(after)
    seen = between(first, totals(tmp_path, tmp_path), 0.0)
    assert seen.throttled == pytest.approx(0.03 / seen.seconds, abs=0.01)


def test_a_canary_knows_by_how_much_it_was_late(monkeypatch: pytest.MonkeyPatch) -> None:
    canary, sleep = Canary(), time.sleep
    monkeypatch.setattr(time, "sleep", lambda seconds: sleep(seconds + 0.2))
    canary.start()
    sleep(0.4)
    assert 0.19 < canary.worst() < 2.0
    canary.stop()
    canary.forget()


def test_this_machine_can_be_measured() -> None:
    gauge = Gauge()
    gauge.begin()
    seen = gauge.measured()
    gauge.close()
    assert seen.delay_s >= 0.0
    assert seen.cpu is None or 0.0 <= seen.cpu <= 1.0
