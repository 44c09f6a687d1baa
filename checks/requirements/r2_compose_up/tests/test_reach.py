"""The addresses to knock at are this machine's own, and what cannot be tried is left out."""

from pathlib import Path

from checks.core.registry import objections
from checks.core.tests.cases import Case, accepted, parametrized
from checks.requirements.r2_compose_up.judge.compose_up import Knock, Port, Reachable
from checks.requirements.r2_compose_up.observe import addresses_in

CASES = Path(__file__).with_name("cases")

FIB_TRIE = """Main:
  +-- 0.0.0.0/0 3 0 5
     |-- 0.0.0.0
        /0 universe UNICAST
     +-- 192.0.2.0/24 2 0 2
        |-- 192.0.2.0
           /24 link UNICAST
        |-- 192.0.2.2
           /32 host LOCAL
        |-- 192.0.2.255
           /32 link BROADCAST
Local:
     |-- 127.0.0.0
        /8 host LOCAL
     |-- 127.0.0.1
        /32 host LOCAL
     |-- 192.0.2.2
        /32 host LOCAL
"""
IF_INET6 = """fe800000000000000042d5fffe5c14ea 48 40 20 80 eth0
20010db8000000000000000000000002 04 40 00 82     eth0
00000000000000000000000000000001 01 80 10 80       lo
"""


def test_own_addresses_are_told_from_networks_loopback_and_links() -> None:
    assert addresses_in(FIB_TRIE, IF_INET6) == ["192.0.2.2", "2001:db8::2"]
    assert addresses_in("", "") == []


@parametrized(CASES, "reach")
def test_what_is_published_is_to_be_reached_on_loopback(case: Case) -> None:
    ports = tuple(Port(**one) for one in case["ports"])
    knocks = tuple(Knock(**one) for one in case["knocks"])
    seen = Reachable(redis=case["redis"], declared=ports, running=ports, exposed=(), knocks=knocks)
    assert (", ".join(sorted(objections(seen))) or "ok") in accepted(case)


def test_a_port_that_nobody_knocked_at_proves_nothing() -> None:
    udp, tcp = (Port(service="api", port=port, address="127.0.0.1") for port in ("53/udp", "80/tcp"))
    seen = Reachable(redis="redis", declared=(udp,), running=(udp,), exposed=(), knocks=())
    assert objections(seen) == set()
    assert objections(Reachable(redis="redis", declared=(tcp,), running=(), exposed=(), knocks=())) != set()
