"""A command line that cannot fail, or has a password on it, is told from one that can, or has none."""

import pytest

from checks.requirements.r7_healthchecks.probe_command import blindness
from checks.requirements.r7_healthchecks.probe_passwords import passwords_on, without_passwords

SECRETS = {"app": "s3cret-of-the-app"}


def shell(script: str) -> tuple[str, ...]:
    return ("CMD-SHELL", script)


def how(test: tuple[str, ...]) -> str:
    told = blindness(test)
    return told.how if told else ""


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
        shell("redis-cli --no-auth-warning ping | tail -1"),
        shell("sh -c 'exit 0'"),
        shell("curl -fsS http://127.0.0.1/ || echo sick >&2"),
        shell("curl -f http://127.0.0.1/; rc=$?; echo $rc; exit 0"),
        shell("curl -f http://127.0.0.1/ || rc=1; test 1 -eq 1"),
        shell("curl -f http://127.0.0.1/ && exit 0; exit 00"),
        shell("case $(curl -fs http://127.0.0.1/) in ok) exit 0;; esac"),
        shell("case $? in 0) true;; *) false;; esac"),
        shell("i=0; while [ $i -lt 3 ]; do curl -f http://127.0.0.1/ && exit 0; i=$((i+1)); sleep 1; done"),
        shell("for i in 1 2 3; do curl -f http://127.0.0.1/ && break; sleep 1; done"),
        shell("for host in $HOSTS; do curl -f http://$host/ || continue; done; exit 0"),
        shell("trap 'exit 0' EXIT; curl -f http://127.0.0.1/"),
        shell("set -e; curl -f http://127.0.0.1/ || true"),
        shell("set -e; if curl -f http://127.0.0.1/; then echo up; fi"),
        shell("set -e; set +e; curl -f http://127.0.0.1/; true"),
        shell("out=$(curl -fs http://127.0.0.1/) || true"),
        shell("export out=$(curl -fs http://127.0.0.1/)"),
        shell('echo "$(curl -fs http://127.0.0.1/)"'),
        shell("check() { curl -f http://127.0.0.1/; return 0; }; check || exit 1"),
        shell("curl -f http://127.0.0.1/ & wait"),
        shell("curl -fs http://127.0.0.1/ | sed -n 1p"),
        shell("curl -fs http://127.0.0.1/ | sort | uniq | wc -l"),
        shell("wget -qO- http://127.0.0.1/ | jq ."),
        shell("! curl -f http://127.0.0.1/"),
        shell("pgrep -f uvicorn || exit 1"),
        shell("ps -ef | grep -i nginx | wc -l"),
        shell("timeout 5 sh -c 'curl -f http://127.0.0.1/ || true'"),
        shell("sh <<'EOF'\ncurl -f http://127.0.0.1/ || true\nEOF"),
        shell("exec true"),
        shell("exec sh -c 'curl -f http://127.0.0.1/; exit 0'"),
        shell("curl -f http://127.0.0.1/; ! false"),
        shell("echo ok | grep -q ok"),
        ("CMD", "true"),
        ("CMD", "/bin/true"),
        ("CMD", "test", "1"),
        ("CMD", "[", "a", "=", "a", "]"),
        ("CMD", "sh", "-c", "wget -q http://127.0.0.1/ || true"),
        ("CMD", "bash", "-euc", "exit 0"),
        ("CMD", "bash", "-c", "curl -f http://127.0.0.1/ |& cat"),
        ("CMD", "bash", "-c", "for i in 1 2; do ((i++)); done; [[ -n x ]]"),
        ("CMD", "busybox", "sh", "-c", "busybox wget -q http://127.0.0.1/ || true"),
        ("CMD", "python", "-c", "import sys; sys.exit(0)"),
        ("CMD", "python3", "-c", "import requests\ntry:\n  requests.get('http://x')\nexcept Exception:\n  pass"),
    ],
    ids=" ".join,
)
def test_a_check_that_cannot_fail_is_told(test: tuple[str, ...]) -> None:
    assert how(test) == "cannot-fail"


@pytest.mark.parametrize(
    "test",
    [
        shell("redis-cli ping"),
        shell("redis-cli ping || exit 1"),
        shell("redis-cli ping && exit 0"),
        shell("redis-cli ping -e"),
        shell("redis-cli --raw incr ping"),
        shell("if redis-cli ping; then exit 0; else exit 1; fi"),
        shell("redis-cli -h 127.0.0.1 -p 6379 -a secret ping > /dev/null 2>&1 || exit 1"),
        shell('test "$(redis-cli ping)"'),
        shell('REDISCLI_AUTH="$(cat /run/secrets/x)" timeout -s KILL 1 redis-cli --user health -h 127.0.0.1 PING'),
        shell("curl -s http://127.0.0.1/ > /dev/null || exit 1"),
        shell("curl http://127.0.0.1:$PORT/"),
        shell("curl --silent --max-time 5 http://127.0.0.1/ && exit 0 || exit 1"),
        shell("set -e; curl -s http://127.0.0.1/; echo ok"),
        shell("set -o pipefail; curl -s http://127.0.0.1/ | cat"),
        shell("curl -s -X GET -H 'Accept: a/b' -o /dev/null http://127.0.0.1/; rc=$?; exit $rc"),
        ("CMD", "redis-cli", "ping"),
        ("CMD", "valkey-cli", "-h", "-e", "ping"),
        ("CMD", "curl", "-sS", "127.0.0.1:8000/"),
        ("CMD", "bash", "-c", "</dev/tcp/127.0.0.1/8000"),
        ("CMD", "bash", "-c", "(echo >/dev/tcp/127.0.0.1/8000) 2>/dev/null || exit 1"),
        ("CMD", "python", "-c", "import requests; requests.get('http://127.0.0.1/', timeout=1)"),
    ],
    ids=" ".join,
)
def test_a_check_that_takes_an_error_for_an_answer_is_told_apart(test: tuple[str, ...]) -> None:
    assert how(test) == "hides-errors"


@pytest.mark.parametrize(
    "test",
    [
        shell("curl -f http://127.0.0.1:5000/healthcheck"),
        shell("curl -f http://127.0.0.1:5000/healthcheck || exit 1"),
        shell("curl -f http://127.0.0.1/ && true"),
        shell("curl -f http://127.0.0.1/ && exit 0 || exit 1"),
        shell("true && curl -f http://127.0.0.1/"),
        shell("curl -s http://127.0.0.1/ | grep -q ok"),
        shell("curl -fs 'http://127.0.0.1/?a=1&b=2|c;true'"),
        shell("set -o pipefail; curl -f http://127.0.0.1/ | cat"),
        shell("cat /tmp/healthy"),
        shell("redis-cli -e ping"),
        shell("redis-cli -h 127.0.0.1 -e ping"),
        shell("redis-cli ping | grep -qx PONG"),
        shell('[ "$(redis-cli ping)" = PONG ]'),
        shell("test $(redis-cli ping) = PONG"),
        shell("curl -f http://127.0.0.1/; exit $?"),
        shell("curl -f http://127.0.0.1/; exit"),
        shell("curl -f http://127.0.0.1/; rc=$?; echo done; exit $rc"),
        shell("curl -f http://127.0.0.1/ || { echo down; exit 1; }"),
        shell("curl -f http://127.0.0.1/ || (echo down; exit 1)"),
        shell("curl -f http://127.0.0.1/; [ $? -eq 0 ]"),
        shell("curl -f http://127.0.0.1/; case $? in 0) exit 0;; *) exit 1;; esac"),
        shell("for i in 1 2 3; do curl -f http://127.0.0.1/ && exit 0; sleep 1; done; exit 1"),
        shell("until curl -f http://127.0.0.1/; do sleep 1; done"),
        shell("curl -s $OPTIONS http://127.0.0.1/"),
        shell("curl --fail-with-body -sS http://127.0.0.1/"),
        shell("curl -sSLfo /dev/null http://127.0.0.1/"),
        shell("[ \"$(curl -s -o /dev/null -w '%{http_code}' http://127.0.0.1/)\" = 200 ]"),
        shell("test $(curl -s -o /dev/null -w '%{http_code}' http://127.0.0.1/) -eq 200 || exit 1"),
        shell("wget --no-verbose --tries=1 --spider http://127.0.0.1/ || exit 1"),
        shell("wget -qO- http://127.0.0.1/ | grep -q ok"),
        shell("curl -fs http://127.0.0.1/ | jq -e '.status == \"ok\"'"),
        shell('status=$(curl -fs http://127.0.0.1/) && [ -n "$status" ]'),
        shell("set -e\nresult=$(curl -fs http://127.0.0.1/)\necho $result"),
        shell("trap 'rm -f /tmp/x' EXIT; curl -f http://127.0.0.1/"),
        shell("check() { curl -f http://127.0.0.1/ || return 1; }; check"),
        shell("curl -f http://127.0.0.1/ & wait $!"),
        shell("ps aux | grep -v grep | grep nginx"),
        shell("pgrep -f uvicorn"),
        shell("pidof nginx || exit 1"),
        shell("pg_isready -U postgres"),
        shell("sh -ec 'curl -f http://127.0.0.1/; true'"),
        shell("eval curl -f http://127.0.0.1/"),
        shell('eval "$CHECK" || true'),
        shell(". /probe.sh; true"),
        shell("curl -f http://127.0.0.1/ &> /dev/null"),
        shell("node healthcheck.js"),
        shell("curl -f http://127.0.0.1/ | awk '{exit !/ok/}'"),
        shell("echo stats | nc 127.0.0.1 11211 | grep -q uptime"),
        shell("cat <<EOF\n$(curl -fs http://127.0.0.1/)\nEOF\n[ -f /tmp/ok ]"),
        shell("if [ -f /tmp/ok ]; then exit 0; fi; exit 1"),
        shell("i=0; while ! curl -f http://127.0.0.1/; do i=$((i+1)); [ $i -ge 3 ] && exit 1; sleep 1; done"),
        shell(
            'REDISCLI_AUTH="$(cat /run/secrets/x)" timeout -s KILL 1 redis-cli -e --user health PING | grep -qx PONG'
        ),
        ("CMD", "python3", "-I", "/app/probe.py"),
        ("CMD", "python3", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1/')"),
        ("CMD", "python3", "-c", "import requests; requests.get('http://127.0.0.1/').raise_for_status()"),
        ("CMD", "bash", "-o", "pipefail", "-c", "curl -f http://127.0.0.1/ | cat"),
        ("CMD", "bash", "-c", "curl -f http://127.0.0.1/ &> /dev/null"),
        ("CMD", "bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/80 || exit 1; echo -e 'x' >&3; grep -q ok <&3"),
        ("NONE",),
        ("CMD",),
        (),
    ],
    ids=" ".join,
)
def test_a_check_that_can_fail_is_left_alone(test: tuple[str, ...]) -> None:
    assert how(test) == ""


@pytest.mark.parametrize(
    "line", ["if", "a || ", "case x in", "echo 'x", "while true; do echo x; done", "f() { f; }; f"]
)
def test_what_is_not_understood_is_left_alone(line: str) -> None:
    assert how(shell(line)) == ""


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
