"""Whatever way a secret is written in, it does not reach the evidence; and an ordinary word makes no holes."""

import base64
import html
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from checks.core.evidence import Folder
from checks.core.redaction import REDACTED
from checks.subject.secret_places import to_hide

WORD = "Tr0ub4dor&3-x"
PEM = "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEAx1Zk\nq9PbLw3YtH0aUuVn2Rr4\n-----END RSA PRIVATE KEY-----"


def with_variable(name: str, value: str) -> dict[str, Any]:
    return {"environment": {name: value}}


WRITTEN: list[dict[str, Any]] = [
    with_variable("REDIS_URL", f"redis://app:{WORD}@redis:6379/0"),
    with_variable("DATABASE_URL", f"postgres://:{WORD}@db/x"),
    with_variable("BROKER", f"amqp://u:{quote(WORD, safe='')}@mq"),
    with_variable("MYSQL_PWD", WORD),
    with_variable("REDISCLI_AUTH", WORD),
    with_variable("DB_PW", WORD),
    with_variable("DB_PASSWORD", WORD),
    with_variable("DB_PASSWORD", f"/{WORD}"),
    with_variable("API_TOKEN", WORD),
    with_variable("SIGNING_KEY", WORD),
    with_variable("PASSWORD", "$$" + WORD),
    with_variable("PASSWORD", "739201884412"),
    with_variable("PRIVATE_KEY", PEM),
    with_variable("JAVA_OPTS", f"-Xmx1g -Ddb.password={WORD}"),
    with_variable("HEADER", f"Authorization: Bearer {WORD.replace('&', '')}"),
    with_variable("CONFIG", json.dumps({"db_password": WORD})),
    {"command": ["redis-server", "--requirepass", WORD]},
    {"command": ["redis-server", f"--requirepass={WORD}"]},
    {"command": ["redis-server", "--masterauth", WORD]},
    {"command": f"redis-server --requirepass '{WORD}'"},
    {"command": ["redis-cli", "-a", WORD, "ping"]},
    {"command": ["sh", "-c", f'redis-cli -h redis -a "{WORD}" ping']},
    {"command": ["app", f"--password={WORD}"]},
    {"command": ["app", "--password", WORD]},
    {"command": ["app", "--token", WORD]},
    {"command": ["sh", "-c", f"export DB_PASSWORD='{WORD}'; exec app"]},
    {"command": ["sh", "-c", f"REDISCLI_AUTH='{WORD}' redis-cli ping"]},
    {"command": ["sh", "-c", f"mysql -uroot -p'{WORD}' -e 'select 1'"]},
    {"command": ["sh", "-c", f"curl -u app:'{WORD}' http://x"]},
    {"command": ["sh", "-c", f"echo 'requirepass {WORD}' >> redis.conf"]},
    {"command": ["redis-cli", "ACL", "SETUSER", "app", "on", f">{WORD}", "~*", "+get"]},
    {"entrypoint": ["sh", "-c", f"MYSQL_PWD='{WORD}' exec mysqld"]},
    {"healthcheck": {"test": ["CMD-SHELL", f"redis-cli -a '{WORD}' ping | grep PONG"]}},
    {"healthcheck": {"test": ["CMD", "redis-cli", "--pass", WORD, "ping"]}},
    {"build": {"context": ".", "args": {"NPM_TOKEN": WORD}}},
]
SEEN: dict[str, Callable[[str], str]] = {
    "as it is": lambda one: one,
    "JSON": json.dumps,
    "URL": lambda one: quote(one, safe=""),
    "HTML": html.escape,
    "base64": lambda one: base64.b64encode(one.encode()).decode(),
    "inside base64": lambda one: base64.b64encode(f"app:{one}".encode()).decode(),
    "base32": lambda one: base64.b32encode(one.encode()).decode(),
    "hex": lambda one: one.encode().hex(),
    "upper hex": lambda one: one.encode().hex().upper(),
    "reversed": lambda one: one[::-1],
    "dollars doubled": lambda one: one.replace("$", "$$"),
}


def evidence(folder: Path, hidden: list[str], text: str) -> str:
    """What a run's folder has of a text."""
    kept = Folder.begin(folder)
    kept.hide(*hidden)
    return kept.keep("said.log", text).read_text()


@pytest.mark.parametrize("spec", WRITTEN, ids=lambda spec: str(spec)[:60])
def test_a_secret_is_hidden_wherever_it_is_written(spec: dict[str, Any], tmp_path: Path) -> None:
    hidden = to_hide({"services": {"web": spec}}, tmp_path)
    secrets = [PEM.splitlines()[1]] if "PRIVATE_KEY" in str(spec) else [WORD, "739201884412"]
    written = evidence(tmp_path / "evidence", hidden, json.dumps(spec) + f"\nlog: {spec}\n")
    assert REDACTED in written
    assert not [secret for secret in (*secrets, quote(WORD, safe="")) if secret in written]


@pytest.mark.parametrize("seen", SEEN)
def test_a_secret_is_hidden_however_it_is_shown(seen: str, tmp_path: Path) -> None:
    word = f"{WORD}$<{len(WORD)}>"
    shown = SEEN[seen](word)
    hidden = to_hide({"services": {"web": with_variable("PASSWORD", word)}}, tmp_path)
    assert REDACTED in evidence(tmp_path / "evidence", hidden, f"x {shown} y")


@pytest.mark.parametrize("name", [".env", ".env.production", "web.env"])
def test_a_file_of_variables_is_read(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(f"# ours\nexport DB_PASSWORD='{WORD}'\nPORT=5000\n")
    assert to_hide({"services": {}}, tmp_path) == [WORD]


@pytest.mark.parametrize("word", ["hunter2", "postgres", "web"])
def test_an_ordinary_word_is_hidden_where_it_stands(word: str, tmp_path: Path) -> None:
    hidden = to_hide({"services": {"web": with_variable("DB_PASSWORD", word)}}, tmp_path)
    written = evidence(tmp_path / "evidence", hidden, f"DB_PASSWORD={word}\nimage: {word}:17\n")
    assert written == f"{REDACTED}\nimage: {word}:17\n"


def test_what_is_no_secret_stays(tmp_path: Path) -> None:
    spec = {
        "environment": {"REDIS_PASSWORD_FILE": "/run/secrets/redis", "HOST": "redis", "TOKEN": None, "PASSWORD": ""},
        "command": ["redis-server", "/usr/local/etc/redis/redis.conf", "--appendfsync", "always"],
        "healthcheck": {"test": ["CMD-SHELL", 'REDISCLI_AUTH="$$(cat /run/secrets/x)" redis-cli --user health PING']},
    }
    assert to_hide({"services": {"web": spec}}, tmp_path) == []


def test_a_folder_of_evidence_is_its_owners_alone(tmp_path: Path) -> None:
    assert Folder.begin(tmp_path / "evidence").path.stat().st_mode & 0o777 == 0o700
