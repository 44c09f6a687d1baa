"""The figures of the throughput bench, and what its clients take for an acknowledgement."""

import json
from collections import Counter

import pytest

from checks.campaigns.bench import load_generator, throughput
from checks.campaigns.bench.load_generator import Job
from checks.campaigns.bench.throughput import POLICIES, ROUNDS, WORKLOADS, Ground, Measured
from stack.driver.errors import StackError

GROUND = Ground(
    engine="26.1.5",
    kernel="6.1",
    file_system="ext4",
    mount="bind",
    cores=2,
    limits={"api": "1", "redis": "1"},
    load=0.5,
)
SPEED = {"always": 1000.0, "everysec": 4000.0, "no": 5000.0}


def measured(*, busy: float = 0.5) -> list[Measured]:
    """Each round on a machine that is faster by a quarter of what the first one was."""
    return [
        Measured(
            round=number,
            workload=str(workload),
            policy=policy,
            acknowledged=1,
            per_second=SPEED[policy] * (3 + number) / 4,
            busy=busy,
        )
        for number, workload, policy in throughput.order()
        if number
    ]


def test_each_policy_is_measured_once_a_workload_and_round() -> None:
    seen = Counter(throughput.order())
    assert set(seen.values()) == {1}
    assert len(seen) == (ROUNDS + 1) * len(WORKLOADS) * len(POLICIES)


def test_policies_of_a_workload_are_neighbours_in_changing_order() -> None:
    order = list(throughput.order())
    turns = [order[first : first + len(POLICIES)] for first in range(0, len(order), len(POLICIES))]
    assert all(len({(number, str(workload)) for number, workload, _ in turn}) == 1 for turn in turns)
    assert len({tuple(policy for _, _, policy in turn) for turn in turns}) > 1


def test_the_order_is_the_same_in_each_run() -> None:
    assert list(throughput.order()) == list(throughput.order())


def test_ratios_are_of_the_same_round_whatever_it_was_like() -> None:
    of_it = [one for one in measured() if one.workload == str(WORKLOADS[0])]
    assert throughput.cell(of_it, "always") == "1,500, ratio **0.25** (0.25 to 0.25)"
    assert throughput.cell(of_it, "everysec") == "6,000 (4,000 to 8,000)"


def test_a_measurement_that_is_missing_makes_no_ratio() -> None:
    of_it = [one for one in measured() if one.workload == str(WORKLOADS[0])]
    with pytest.raises(ValueError, match="longer"):
        throughput.cell([one for one in of_it if (one.round, one.policy) != (2, "always")], "always")


def test_the_table_has_a_line_a_workload_and_says_where_measured() -> None:
    told = throughput.table(GROUND, measured())
    assert all(f"| {workload} | 1,500, ratio **0.25**" in told for workload in WORKLOADS)
    assert "Data on a bind mount, ext4; kernel 6.1; Docker Engine 26.1.5" in told
    assert "limited in cores: api to 1 and redis to 1" in told
    assert "faster than told" not in told


def test_clients_that_were_the_limit_are_told_of() -> None:
    assert "Redis, 50 clients (`no`)" in throughput.table(GROUND, measured(busy=0.95)).splitlines()[-1]


@pytest.mark.parametrize(
    ("seen", "carried_out", "said"),
    [
        (
            {b"+OK": 9, b"-NOPERM no": 1},
            9,
            "1 writes were refused and 9 acknowledged: this is no measure\n  -NOPERM no",
        ),
        ({}, 0, "0 writes were refused and 0 acknowledged"),
        ({b"HTTP/1.1 201 Created": 9, b"HTTP/1.1 200 OK": 1}, 9, "10 writes were acknowledged, and Redis counted 9"),
    ],
)
def test_what_is_no_measure_is_refused(seen: dict[bytes, int], carried_out: int, said: str) -> None:
    with pytest.raises(StackError) as refused:
        throughput.agreed(load_generator.tallied(Counter(seen), 1.0, 0.5), carried_out)
    assert said in str(refused.value)


def test_a_measure_that_redis_agrees_with_is_taken() -> None:
    throughput.agreed(load_generator.tallied(Counter({b"+OK": 10}), 1.0, 0.5), 10)


@pytest.mark.parametrize(
    ("received", "found"),
    [
        (b"+OK\r\n+O", None),
        (b"+OK\r\n+OK\r\n", [b"+OK", b"+OK"]),
        (b"+OK\r\n-OOM no room\r\n", [b"+OK", b"-OOM no room"]),
    ],
)
def test_answers_of_redis_are_told_apart_once_all_are_there(received: bytes, found: list[bytes] | None) -> None:
    assert load_generator.lines_of_redis(received, 2) == found


@pytest.mark.parametrize(
    ("received", "found"),
    [
        (b"HTTP/1.1 201 Created\r\ncontent-le", None),
        (b"HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n{", None),
        (b"HTTP/1.1 201 Created\r\ncontent-length: 2\r\n\r\n{}", [b"HTTP/1.1 201 Created"]),
        (b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n", [b"HTTP/1.1 503 Service Unavailable"]),
    ],
)
def test_a_response_is_told_once_its_body_is_there(received: bytes, found: list[bytes] | None) -> None:
    assert load_generator.status_of_http(received, 1) == found


def test_a_response_of_unknown_length_is_refused() -> None:
    with pytest.raises(ConnectionError, match="how long"):
        load_generator.status_of_http(b"HTTP/1.1 200 OK\r\n\r\n", 1)


def test_every_key_is_written_whatever_the_pipeline() -> None:
    assert b"".join(load_generator.sets("k", 16)) == b"".join(load_generator.sets("k", 1))
    assert len(load_generator.sets("k", 16)) * 16 == load_generator.KEYS_EACH


def test_a_post_says_how_long_its_body_is() -> None:
    head, _, body = load_generator.posts("k", "127.0.0.1", "/set")[0].partition(b"\r\n\r\n")
    assert f"Content-Length: {len(body)}".encode() in head
    assert json.loads(body) == {"id": "k0", "data": load_generator.VALUE}


def test_the_password_of_a_job_is_in_no_message() -> None:
    told = {
        "protocol": "redis",
        "address": ("127.0.0.1", 1),
        "clients": 1,
        "pipelined": 1,
        "seconds": 1.0,
        "prefix": "",
    }
    assert "hush" not in repr(Job(**told, password="hush"))  # type: ignore[arg-type]  # noqa: S106
