"""What is made of measurements of the service: ratios round by round, a table, a picture."""

from collections import Counter
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from checks.campaigns.bench import half_a_core, probe_cost, service
from checks.campaigns.bench.half_a_core import OURS, WORDS
from checks.campaigns.bench.http_load import GOOD, VALUE, Kind, requests_of
from checks.campaigns.bench.probe_cost import ProbeCost
from checks.campaigns.bench.scrapes import Scrapes, Times
from checks.campaigns.bench.service import EARLIER, KINDS, NOTHING, Measured, Result
from checks.campaigns.bench.service_picture import as_svg
from service.items import Item

RATES = {EARLIER: 400.0, NOTHING: 2000.0, OURS: 4000.0}
ROUNDS = (1, 2, 3)


def measured(number: int, who: str, kind: Kind) -> Measured:
    # A round in which the whole machine is slower says as much as the others.
    rate = RATES.get(who, 1000.0) * (2 if kind == "GET" else 1) / number
    return Measured(
        round=number, who=who, kind=kind, per_second=rate, p50_ms=1.0, p99_ms=2.0 * number,
        errors=0, cpu_us=100.0, resident_mb=50.0, clients_busy=0.2,
    )  # fmt: skip


SEEN = tuple(measured(number, who, kind) for number in ROUNDS for who in WORDS for kind in KINDS)
SCRAPES = Scrapes(
    idle=Times(scrapes=200, p50_ms=1.0, p99_ms=2.0),
    loaded=Times(scrapes=200, p50_ms=6.0, p99_ms=50.0),
    get_p50_ms=4.0,
    after=Times(scrapes=200, p50_ms=1.1, p99_ms=2.0),
)
PROBE = ProbeCost(seconds=60.0, with_it_ms=900.0, without_ms=300.0, interval=2.0)
RESULT = Result(measured=SEEN, ceiling={"GET": 60_000.0, "SET": 20_000.0}, scrapes=SCRAPES, probe=PROBE, load=0.5)


def test_ratios_are_of_the_same_round() -> None:
    told = service.as_json(RESULT)
    assert (told["get_vs_earlier"], told["set_vs_earlier"], told["get_vs_noop"]) == (10.0, 10.0, 2.0)


def test_a_row_has_the_median_and_the_range() -> None:
    (row,) = [line for line in service.table(RESULT).splitlines() if line.startswith("| **ours**")]
    cells = [cell.strip() for cell in row.split("|")[2:-1]]
    assert cells == [
        "4,000 (2,667 to 8,000), **10.0**",
        "2,000 (1,333 to 4,000), **10.0**",
        "4 ms **1.00**, 4 ms **1.00**",
        "100, 100 µs",
        "50 MB",
    ]


def test_the_slowest_are_held_against_those_of_the_same_round() -> None:
    swift = tuple(replace(one, p99_ms=one.p99_ms / 4) if one.who == OURS else one for one in SEEN)
    told = service.as_json(replace(RESULT, measured=swift))
    assert (told["get_p99_vs_earlier"], told["set_p99_vs_earlier"]) == (0.25, 0.25)


def test_what_it_costs_to_be_watched_is_told() -> None:
    told = service.as_json(RESULT)
    assert (told["scrape_under_load_vs_get"], told["health_check_share_of_a_core"]) == (1.5, 0.01)
    assert "**1.50** times as long" in service.table(RESULT)
    assert "**1.00%** of a core, 20.0 ms of CPU each" in service.table(RESULT)


@pytest.mark.parametrize(
    ("groups", "file", "text"),
    [
        ("4:cpu,cpuacct:/docker/one\n0::/docker/one\n", "cpuacct/docker/one/cpuacct.usage", "1500000000\n"),
        ("0::/system.slice/one.scope\n", "system.slice/one.scope/cpu.stat", "usage_usec 1500000\nuser_usec 1\n"),
    ],
    ids=["version 1", "version 2"],
)
def test_cpu_time_is_of_the_whole_container(tmp_path: Path, groups: str, file: str, text: str) -> None:
    for path, content in ((tmp_path / "proc" / "7" / "cgroup", groups), (tmp_path / "groups" / file, text)):
        path.parent.mkdir(parents=True)
        path.write_text(content)
    assert probe_cost.cpu_seconds(7, tmp_path / "groups", tmp_path / "proc") == 1.5


def test_errors_of_anybody_are_counted_and_told() -> None:
    result = replace(RESULT, measured=(replace(SEEN[0], errors=3), *SEEN[1:]))
    assert service.as_json(result)["errors"] == 3
    assert "3 answers were errors" in service.table(result)


def test_all_are_asked_once_a_round_and_set_comes_first() -> None:
    asked = list(service.order(2, list(WORDS)))
    assert Counter(asked) == {(number, who, kind): 1 for number in range(3) for who in WORDS for kind in KINDS}
    assert [kind for number, _, kind in asked if number == 1] == ["SET"] * len(WORDS) + ["GET"] * len(WORDS)


def test_the_picture_shows_every_bar_within_its_width() -> None:
    root = ElementTree.fromstring(as_svg(service.bars(RESULT)))  # noqa: S314 - our own
    bars = [one for one in root.iter() if one.get("class") in KINDS]
    assert len(bars) == len(WORDS) * len(KINDS)
    assert max(float(one.get("width", "0")) for one in bars) <= 760


def test_what_is_sent_are_items() -> None:
    head, _, body = requests_of("SET", 1, "host")[0].partition(b"\r\n\r\n")
    assert f"Content-Length: {len(body)}".encode() in head
    assert Item.model_validate_json(body).data == VALUE


def test_an_answer_that_finds_nothing_is_no_good_one() -> None:
    assert b"HTTP/1.1 404 Not Found" not in GOOD


@pytest.mark.parametrize("who", half_a_core.COMMANDS)
def test_who_is_run_is_there(who: str) -> None:
    assert (half_a_core.RIVALS / half_a_core.COMMANDS[who][0]).is_file()
