"""The table of what else heals, and that it is read as it was measured."""

import pytest

from checks.campaigns.bench import healers
from checks.campaigns.bench.healers import FAULTS, NOBODY, OURS, POLLING, SWARM, Healed, Keeper, table
from checks.requirements.r9_self_healing.agents import other_healers

SEEN = [
    Healed(round=number, keeper=keeper, fault=fault, seconds=None if keeper == NOBODY else seconds + number)
    for number in (1, 2, 3)
    for keeper, seconds in ((OURS, 4.0), (NOBODY, 0.0), (POLLING, 14.0), (SWARM, 7.0))
    for fault in FAULTS
]


def test_a_row_has_the_median_of_each_keeper() -> None:
    (row,) = [line for line in table(SEEN).splitlines() if line.startswith("| main process frozen")]
    cells = [cell.strip() for cell in row.split("|")[2:-1]]
    assert cells == ["6.0 (5.0 to 7.0)", "never (40 s)", "16.0 (15.0 to 17.0)", "9.0 (8.0 to 10.0)"]


def test_one_that_did_not_come_is_not_hidden_in_a_median() -> None:
    seen = [*SEEN, Healed(round=4, keeper=OURS, fault="frozen", seconds=None)]
    assert "| main process frozen | never (40 s) |" in table(seen)


def test_what_nobody_heals_is_waited_for_once() -> None:
    for name, given_up in ((NOBODY, True), (OURS, False)):
        assert healers._given_up(SEEN, Keeper(name=name, labels={}, which=()), "frozen") is given_up


@pytest.mark.parametrize(
    ("state", "status", "kinds"),
    [
        ("running", "Up 3 seconds (unhealthy)", {"poll", "eager"}),
        ("running", "Up 3 seconds (healthy)", set()),
        ("running", "Up 3 seconds (health: starting)", set()),
        ("exited", "Exited (0) 2 seconds ago", {"eager"}),
        ("paused", "Up 9 seconds (Paused)", {"eager"}),
    ],
)
def test_a_poller_restarts_the_unhealthy_and_an_eager_one_more(
    monkeypatch: pytest.MonkeyPatch, state: str, status: str, kinds: set[str]
) -> None:
    monkeypatch.setattr(other_healers, "in_its_tracks", lambda _: False)
    one = {"Id": "c1", "State": state, "Status": status}
    assert {name for name, kind in other_healers.KINDS.items() if kind.sick(one)} == kinds
