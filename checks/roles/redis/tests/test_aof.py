"""The append-only file is read as Redis writes it; what is no record is not passed over."""

import pytest

from checks.roles.redis import aof
from checks.roles.redis.wire import packed
from stack.driver.errors import StackError

FIRST, SECOND = packed("SELECT", "0"), packed("SET", "item:one", "a value\r\n*1\r\n$5\r\nMULTI\r\n")
FILE = FIRST + SECOND
FOLDER = "appendonlydir"
MANIFEST = (
    b"file a.aof.2.base.rdb seq 2 type b\n"
    b"file a.aof.1.incr.aof seq 1 type h\n"
    b"file a.aof.2.incr.aof seq 2 type i\n"
    b"file a.aof.3.incr.aof seq 3 type i startoffset 10\n"
)
FILES = {
    f"{FOLDER}/temp-a.aof.manifest": b"file a.aof.4.incr.aof seq 4 type i\n",
    f"{FOLDER}/a.aof.manifest": MANIFEST,
    f"{FOLDER}/a.aof.2.base.rdb": b"REDIS0012",
    f"{FOLDER}/a.aof.2.incr.aof": FIRST,
    f"{FOLDER}/a.aof.3.incr.aof": SECOND,
}


def commands(data: bytes) -> list[str]:
    return [record.command for record in aof.records(data)]


def test_a_value_that_looks_like_records_is_a_value() -> None:
    assert commands(FILE) == ["SELECT", "SET"]


def test_a_record_knows_where_each_word_is_framed_and_ends() -> None:
    _, record = aof.records(FILE)
    assert record.words[1] == b"item:one"
    assert [FILE[at : at + 3] for at in record.frames] == [b"$3\r", b"$8\r", b"$24"]
    assert record.end == len(FILE)


def test_times_between_records_are_none() -> None:
    assert commands(b"#TS:1700000000\r\n" + FIRST + b"#TS:1700000001\r\n" + SECOND) == ["SELECT", "SET"]


@pytest.mark.parametrize("length", range(len(FIRST), len(FILE)))
def test_a_torn_record_is_the_end_wherever_it_is_torn(length: int) -> None:
    assert commands(FILE[:length]) == ["SELECT"]


@pytest.mark.parametrize("at", [0, len(FIRST), len(FIRST) + 4])
def test_damage_with_more_behind_it_is_told(at: int) -> None:
    damaged = FILE[:at] + b"\xdb" + FILE[at + 1 :]
    with pytest.raises(StackError, match=f"no record at byte {at}"):
        commands(damaged)


def test_files_of_changes_are_the_manifests_in_its_order() -> None:
    assert list(aof.changes(FILES)) == [f"{FOLDER}/a.aof.2.incr.aof", f"{FOLDER}/a.aof.3.incr.aof"]


@pytest.mark.parametrize("missing", ["a.aof.manifest", "a.aof.3.incr.aof"])
def test_without_a_manifest_or_its_files_nothing_is_read(missing: str) -> None:
    with pytest.raises(StackError, match="manifest"):
        aof.changes({path: data for path, data in FILES.items() if path != f"{FOLDER}/{missing}"})
