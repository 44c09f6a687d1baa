"""A command line that cannot fail, or has a password on it, is told from one that can, or has none."""

import pytest

from checks.requirements.r7_healthchecks.probe_command import passes_whatever_happens, passwords_on, without_passwords

SECRETS = {"app": "s3cret-of-the-app"}


def shell(script: str) -> tuple[str, ...]:
    return ("CMD-SHELL", script)


@pytest.mark.parametrize(
    "test",
    [
        shell("exit 0"),
        shell("true"),
        shell("curl -f http://127.0.0.1:5000/healthcheck || true"),
        shell("curl -f http://127.0.0.1:5000/healthcheck || exit 0"),
        shell("(wget --spider http://127.0.0.1/ || true)"),
        shell("curl -f http://127.0.0.1/; exit 0"),
        shell("curl -f http://127.0.0.1/\ntrue"),
        shell("exit 0; curl -f http://127.0.0.1/"),
        shell("curl -f http://127.0.0.1/ | cat"),
        shell("curl -f http://127.0.0.1/ 2>&1 | tee /tmp/health"),
        shell("curl -f http://127.0.0.1/ >/dev/null 2>&1 || echo sick"),
        shell("redis-cli ping"),
        shell("redis-cli ping || exit 1"),
        shell("redis-cli ping && exit 0"),
        shell("redis-cli ping -e"),
        shell('REDISCLI_AUTH="$(cat /run/secrets/x)" timeout -s KILL 1 redis-cli --user health -h 127.0.0.1 PING'),
        shell("redis-cli --no-auth-warning ping | tail -1"),
        shell("sh -c 'exit 0'"),
        ("CMD", "true"),
        ("CMD", "/bin/true"),
        ("CMD", "redis-cli", "ping"),
        ("CMD", "valkey-cli", "-h", "-e", "ping"),
        ("CMD", "sh", "-c", "wget -q http://127.0.0.1/ || true"),
        ("CMD", "bash", "-euc", "exit 0"),
    ],
    ids=" ".join,
)
def test_a_check_that_cannot_fail_is_told(test: tuple[str, ...]) -> None:
    assert passes_whatever_happens(test) != ""


@pytest.mark.parametrize(
    "test",
    [
        shell("curl -f http://127.0.0.1:5000/healthcheck"),
        shell("curl -f http://127.0.0.1:5000/healthcheck || exit 1"),
        shell("curl -f http://127.0.0.1/ && true"),
        shell("curl -f http://127.0.0.1/ && exit 0 || exit 1"),
        shell("true && curl -f http://127.0.0.1/"),
        shell("curl -s http://127.0.0.1/ | grep -q ok"),
        shell("curl -s 'http://127.0.0.1/?a=1&b=2|c;true'"),
        shell("set -o pipefail; curl -f http://127.0.0.1/ | cat"),
        shell("cat /tmp/healthy"),
        shell("redis-cli -e ping"),
        shell("redis-cli -h 127.0.0.1 -e ping"),
        shell("redis-cli ping | grep -qx PONG"),
        shell('[ "$(redis-cli ping)" = PONG ]'),
        shell("test $(redis-cli ping) = PONG"),
        shell("if redis-cli ping; then exit 0; else exit 1; fi"),
        shell(
            'REDISCLI_AUTH="$(cat /run/secrets/x)" timeout -s KILL 1 redis-cli -e --user health PING | grep -qx PONG'
        ),
        ("CMD", "python3", "-I", "/app/probe.py"),
        ("CMD", "bash", "-o", "pipefail", "-c", "curl -f http://127.0.0.1/ | cat"),
        ("NONE",),
        (),
    ],
    ids=" ".join,
)
def test_a_check_that_can_fail_is_left_alone(test: tuple[str, ...]) -> None:
    assert passes_whatever_happens(test) == ""


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("redis-cli -e -a s3cret-of-the-app ping", ("app", "-a")),
        ('redis-cli -e -a "$(cat /run/secrets/x)" ping', ("-a",)),
        ("redis-cli -e --pass $REDIS_PASSWORD ping", ("--pass",)),
        ("redis-cli -e -u redis://health:hunter2@127.0.0.1 ping", ("password in an address",)),
        ("REDISCLI_AUTH=hunter2 redis-cli -e ping", ("password in an assignment",)),
        ("REDISCLI_AUTH='hunter2' redis-cli -e ping", ("password in an assignment",)),
        ("curl -f --user somebody:hunter2 http://127.0.0.1/", ("--user",)),
        ('REDISCLI_AUTH="$(cat /run/secrets/x)" redis-cli -e --user health ping', ()),
        ("curl -f http://127.0.0.1:5000/healthcheck | grep -a ok", ()),
        ("promtool check healthy --url=http://127.0.0.1:9090", ()),
    ],
)
def test_a_password_is_told_by_name_and_not_written_down(line: str, found: tuple[str, ...]) -> None:
    assert passwords_on(shell(line), SECRETS) == found
    written = " ".join(without_passwords(shell(line), SECRETS))
    assert not any(secret in written for secret in ("s3cret-of-the-app", "hunter2"))
    assert ("<password>" in written) is ("hunter2" in line or "s3cret" in line)


def test_the_words_that_are_no_password_stay() -> None:
    line = 'redis-cli -e -a "$(cat /run/secrets/x)" ping'
    assert without_passwords(shell(line), SECRETS) == shell(line)
