"""What is made of measurements of the service: ratios round by round, a table, a picture."""

from collections import Counter
from dataclasses import replace
from xml.etree import ElementTree

import pytest

from checks.campaigns.bench import half_a_core, service
from checks.campaigns.bench.half_a_core import OURS, WORDS
from checks.campaigns.bench.http_load import GOOD, VALUE, Kind, requests_of
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
RESULT = Result(measured=SEEN, ceiling={"GET": 60_000.0, "SET": 20_000.0}, load=0.5)


def test_ratios_are_of_the_same_round() -> None:
    told = service.as_json(RESULT)
    assert (told["get_vs_earlier"], told["set_vs_earlier"], told["get_vs_noop"]) == (10.0, 10.0, 2.0)


def test_a_row_has_the_median_and_the_range() -> None:
    (row,) = [line for line in service.table(RESULT).splitlines() if line.startswith("| **ours**")]
    cells = [cell.strip() for cell in row.split("|")[2:-1]]
    assert cells == [
        "4,000 (2,667 to 8,000), **10.0**",
        "2,000 (1,333 to 4,000), **10.0**",
        "4, 4 ms",
        "100, 100 µs",
        "50 MB",
    ]


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
