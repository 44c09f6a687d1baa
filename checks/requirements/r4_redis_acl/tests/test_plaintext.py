"""A password in plain text is found where it stands, and not where it only seems to."""

from pathlib import Path

import pytest

from checks.requirements.r4_redis_acl.observe.users import _files_of, shows
from checks.roles.redis.acl_text import has_plain_password


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("requirepass s3cret\n", True),
        ('requirepass "s3cret"', True),
        ("user app on >s3cret +@all", True),
        ("aclfile /run/secrets/redis-s3cret", False),
        ("s3crets", False),
        ("", False),
    ],
)
def test_a_password_is_a_word_of_its_own(text: str, found: bool) -> None:
    assert shows("s3cret", text) is found


def test_a_password_that_reads_as_a_pattern_is_taken_literally() -> None:
    assert shows("a+b(", "user app on >a+b( +get")
    assert not shows("a+b(", "aab(")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("user default off\nuser app on >secret ~* +get\n", True),
        ("redis-server --user app on >secret", True),
        ("user app on #" + 64 * "0" + " ~* +get\n", False),
        ("# the user writes >secret here\n", False),
        ("user app on\n>secret\n", False),
        ("\tuser app on >secret", True),
        ("USER app on >secret +get", True),
        ("user app on '>two words' +get", True),
        ('user app on "\\x3esecret" +get', True),
        ("redis-server /etc/redis.conf --port 6379 --user app on ~* >secret --appendonly yes", True),
        ("redis-cli --user health ping >/tmp/answer", False),
        ("redis-cli ACL SETUSER app on '>secret' '~*' +get", True),
        ('redis-cli ACL SETUSER app on ">$PASSWORD" +get', False),
        ("user app on > ~* +get", False),
        ("user app on (~item:* +get) #" + 64 * "0", False),
    ],
)
def test_a_plain_password_in_an_acl_line_is_found_unknown(text: str, found: bool) -> None:
    assert has_plain_password(text) is found


def test_what_is_mounted_is_named_as_the_container_sees_it(tmp_path: Path) -> None:
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "users.acl").write_text("")
    file = tmp_path / "redis.conf"
    file.write_text("")
    assert dict(_files_of(tmp_path, Path("/data"))) == {
        "/data/redis.conf": file,
        "/data/below/users.acl": tmp_path / "below" / "users.acl",
    }
    assert dict(_files_of(file, Path("/etc/redis.conf"))) == {"/etc/redis.conf": file}
