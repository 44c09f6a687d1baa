"""Which answers were given while the disk was full."""

from checks.requirements.r3_durability.judge.full_disk import SILENT
from checks.requirements.r3_durability.observe.full_disk import OK, Answer, Clients
from checks.roles.load import Load

SINCE, UNTIL = 10.0, 13.0


def heard(answer: Answer) -> tuple[int, int, int]:
    """How many were acknowledged, refused, and neither."""
    told = Clients(load=Load(), answers=[answer]).told(SINCE, UNTIL)
    return told.acknowledged, told.refused, len(told.neither)


def test_a_write_under_way_is_refused_when_the_disk_fills_up() -> None:
    assert heard(Answer(words="connection closed", refusal=True, at=SINCE - 0.2, seconds=0.3)) == (0, 1, 0)


def test_what_was_answered_before_or_sent_after_does_not_count() -> None:
    for at in (SINCE - 0.5, UNTIL):
        assert heard(Answer(words="connection closed", refusal=True, at=at, seconds=0.3)) == (0, 0, 0)


def test_a_refusal_that_comes_too_late_is_none() -> None:
    assert heard(Answer(words="HTTP 503", refusal=True, at=SINCE, seconds=3.5)) == (0, 0, 1)


def test_silence_is_no_refusal_and_an_answer_is_no_silence() -> None:
    assert heard(Answer(words=SILENT, refusal=False, at=SINCE, seconds=3.0)) == (0, 0, 1)
    assert heard(Answer(words=OK, refusal=False, at=SINCE, seconds=0.1)) == (1, 0, 0)
