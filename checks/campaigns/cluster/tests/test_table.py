"""What comes out of the campaign, and what it takes."""

import pytest

from checks.campaigns.cluster.__main__ import asked_for, main, table
from checks.campaigns.cluster.load import Tally
from checks.campaigns.cluster.proofs import PROOFS, Figure, _unnoticed
from checks.core.cli import UnusableError


def tally(failed: int = 0, lost: int = 0) -> Tally:
    reasons = {"503": failed} if failed else {}
    return Tally(
        requests=10, failed=failed, reasons=reasons, tasks={}, longest_gap=0.1, seconds=1.0, acknowledged=5, lost=lost
    )


def test_a_figure_that_does_not_hold_stands_out() -> None:
    figure = Figure(proof="update", what="requests that failed", seen="1", wanted="0", holds=False)
    assert table([figure]).splitlines()[-1] == "| update | requests that failed | 1 | 0 | NO |"


@pytest.mark.parametrize(
    ("failed", "lost", "holds"), [(0, 0, [True, True]), (1, 0, [False, True]), (0, 1, [True, False])]
)
def test_one_failure_or_loss_is_one_too_many(failed: int, lost: int, holds: list[bool]) -> None:
    assert [one.holds for one in _unnoticed("update", tally(failed, lost))] == holds


def test_all_proofs_are_tried_in_their_order() -> None:
    assert asked_for([]) == (list(PROOFS), None)
    assert asked_for(["--proofs", "update,node"]) == (["node", "update"], None)


def test_a_proof_that_is_none_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(UnusableError):
        asked_for(["--proofs", "node,moon"])
    assert main(["--proofs", "moon"]) == 3
    assert capsys.readouterr().err.startswith("error: no proof is called moon")
