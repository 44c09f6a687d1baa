"""On which programs a session spends the processor, from records as the kernel writes them."""

import os

import pytest

from checks.campaigns.bench.programs import RECORD, going_on, number, read, table


def record(name: bytes, user: int, system: int) -> bytes:
    return RECORD.pack(0, 3, 0, 0, 0, 0, 1, 1, 0, 0.0, user, system, 0, 0, 0, 0, 0, 0, name)


def test_a_record_is_as_long_as_the_kernels() -> None:
    assert RECORD.size == 64


@pytest.mark.parametrize(("told", "ticks"), [(0, 0), (8191, 8191), (1 << 13 | 1, 8), (2 << 13 | 3, 192)])
def test_long_times_are_written_shorter(told: int, ticks: int) -> None:
    assert number(told) == ticks


def test_records_are_summed_by_program() -> None:
    found = read(record(b"runc", 3, 4) + record(b"docker", 50, 50) + record(b"runc", 1, 0) + b"\0" * 63)
    assert found.seconds == pytest.approx({"runc": 0.08, "docker": 1.0})
    assert found.ended == {"runc": 2, "docker": 1}


def test_this_process_goes_on() -> None:
    name, seconds = going_on()[os.getpid()]
    assert name
    assert seconds > 0


def test_what_no_process_was_charged_with_is_told() -> None:
    told = table("compliance", read(record(b"runc", 300, 0) + record(b"docker", 100, 0)), 10.0).splitlines()
    assert told[2:7] == [
        "| `runc` | 1 | 3 |",
        "| `docker` | 1 | 1 |",
        "| others |  | 0 |",
        "| in the kernel, for none of them |  | 6 |",
        "| all | 2 | 10 |",
    ]
