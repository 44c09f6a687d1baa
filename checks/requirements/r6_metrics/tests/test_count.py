"""Which series counts the requests of a kind: one that counts requests, not what they lead to."""

from checks.requirements.r6_metrics.count import Sent, Values, chosen
from checks.requirements.r6_metrics.judge import REQUESTS


def sent(*moved: str) -> Sent:
    before: Values = dict.fromkeys(ALL, 1.0)
    return Sent(kind="", before=before, after={name: REQUESTS * (name in moved) + 1.0 for name in ALL})


GET, PUT, ERROR = 'http_total{m="GET"}', 'http_total{m="PUT"}', 'http_total{m="GET",status="404"}'
REDIS, WRITTEN, PLAIN = "redis_answers_count", "items_written_total", "requests_total"
ALL = (GET, PUT, ERROR, REDIS, WRITTEN, PLAIN)


def test_each_kind_is_counted_by_its_series() -> None:
    assert chosen([sent(GET, REDIS), sent(PUT, REDIS), sent(ERROR)]) == [GET, PUT, ERROR]


def test_one_counter_for_all_kinds_counts_each() -> None:
    assert chosen([sent(PLAIN, REDIS), sent(PLAIN, REDIS), sent(PLAIN)]) == [PLAIN] * 3


def test_a_counter_of_one_kind_counts_it() -> None:
    assert chosen([sent(GET, REDIS), sent(WRITTEN, REDIS), sent(GET)]) == [GET, WRITTEN, GET]


def test_what_a_request_leads_to_is_no_request() -> None:
    assert chosen([sent(GET, REDIS), sent(REDIS), sent()]) == [GET, "", ""]
