"""The records that R3 tears are torn where a power cut may tear them."""

from checks.requirements.r3_durability.observe.append_only_file import TORN, UNACKNOWLEDGED
from checks.roles.redis import aof
from checks.roles.redis.wire import packed

FILE = packed("SELECT", "0") + packed("SET", "item:one", "a value")


def test_one_is_torn_in_its_value_and_one_in_a_length() -> None:
    whole = list(aof.records(FILE))
    for torn in TORN.values():
        assert UNACKNOWLEDGED.startswith(torn)
        assert list(aof.records(FILE + torn)) == whole
    assert TORN["value"].endswith(b"a value that n")
    assert TORN["length"].endswith(b"$3")
