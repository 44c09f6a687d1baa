"""The addresses to knock at are this machine's own, and what cannot be tried is left out."""

from checks.requirements.r2_compose_up.observe import addresses_in

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
