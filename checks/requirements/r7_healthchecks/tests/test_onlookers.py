"""A health check that asks nobody is told from one that asks, and from one that cannot be read."""

import pytest

from checks.requirements.r7_healthchecks.onlookers import onlookers


@pytest.mark.parametrize(
    "script",
    [
        "grep -q '^State:.[RSDI]' /proc/1/status",
        "pgrep -x gunicorn || exit 1",
        "kill -0 1",
        "test -f /tmp/ready",
        "[ -e /run/app.pid ] && kill -0 $(cat /run/app.pid)",
        "[[ -s /tmp/healthy ]]",
        "ps aux | grep -v grep | grep -q uvicorn",
        "if pidof nginx; then exit 0; else exit 1; fi",
        "timeout 2 grep -q 0A /proc/net/tcp",
    ],
)
def test_a_check_that_only_looks_on_is_told(script: str) -> None:
    assert onlookers(("CMD-SHELL", script))
    assert onlookers(("CMD", "sh", "-c", script))


@pytest.mark.parametrize(
    "test",
    [
        ("CMD-SHELL", "curl -fsS http://127.0.0.1:5000/healthcheck || exit 1"),
        ("CMD-SHELL", "test -f /tmp/ready && wget -qO- http://127.0.0.1/"),
        ("CMD-SHELL", "REDISCLI_AUTH=$(cat /run/secrets/p) redis-cli -e ping | grep -qx PONG"),
        ("CMD-SHELL", "echo > /dev/tcp/127.0.0.1/5000"),
        ("CMD-SHELL", "[ $(($(date +%s) - $(cat /tmp/beat))) -lt 10 ]"),
        ("CMD-SHELL", "find /tmp/beat -mmin -1 | grep -q ."),
        ("CMD-SHELL", "grep -q ok <(nc 127.0.0.1 5000)"),
        ("CMD-SHELL", "$PROBE"),
        ("CMD-SHELL", "cat $(/probe)"),
        ("CMD-SHELL", ". /probe.sh"),
        ("CMD-SHELL", "exit 0"),  # that it cannot fail is told by another rule
        ("CMD", "python3", "/app/probe.py"),
        ("CMD", "/bin/promtool", "check", "healthy"),
        ("CMD", "sh", "/healer/probe.sh"),
        ("CMD", "pg_isready"),
        ("NONE",),
        (),
    ],
)
def test_what_asks_or_is_not_known_is_not_objected_to(test: tuple[str, ...]) -> None:
    assert onlookers(test) == ()
