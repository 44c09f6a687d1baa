"""Secrets in scripts, statements, settings and addresses of all kinds are hidden; what is none makes no hole."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from checks.core.evidence import Folder
from checks.core.redaction import REDACTED
from checks.subject.secret_places import to_hide

WORD = "Tr0ub4dor-3-xyzQ"
BASIC = base64.b64encode(f"app:{WORD}".encode()).decode()
SCRIPTS = [
    f"smbclient //x/y -U user%{WORD}", f"mount -t cifs -o username=u,password={WORD} //x /y",
    f"lftp -u user,{WORD} ftp://x", f"wget --http-password={WORD} http://x", f"echo 'db:5432:*:u:{WORD}' > ~/.pgpass",
    f"echo 'machine x login u password {WORD}' > ~/.netrc", f"openssl passwd -6 {WORD}",
    f"openssl enc -aes-256-cbc -k {WORD} -in x", f"openssl rsa -passin pass:{WORD} -in x", f"7z x -p{WORD} a.7z",
    f"zip -P {WORD} a.zip b", f"unzip -P {WORD} a.zip", f"keytool -list -storepass {WORD} -keystore k",
    f"influx query -t {WORD} x", f"rabbitmqctl add_user app {WORD}", f"rabbitmqctl change_password app {WORD}",
    f"echo 'root:{WORD}' | chpasswd", f"echo {WORD} | passwd --stdin root", f"echo {WORD} | sudo -S ls",
    f"echo {WORD} | docker login -u u --password-stdin", f"vault login {WORD}",
    f"vault kv put secret/x password={WORD}",
    f"etcdctl user add root:{WORD}", f"etcdctl --user root:{WORD} get x", f"sqlplus u/{WORD}@db",
    f"mongosh --eval \"db.createUser({{user: 'a', pwd: '{WORD}'}})\"", f"mongosh --eval \"db.auth('a', '{WORD}')\"",
    f"psql -c \"CREATE ROLE app LOGIN PASSWORD '{WORD}'\"", f"psql 'host=db user=u password={WORD}'",
    f"mysql -e \"ALTER USER a IDENTIFIED WITH caching_sha2_password BY '{WORD}'\"",
    f"mysql -e \"SET PASSWORD FOR a = PASSWORD('{WORD}')\"", f"sqlcmd -Q \"CREATE LOGIN a WITH PASSWORD='{WORD}'\"",
    f"redis-cli HELLO 3 AUTH app {WORD}", f"snmpwalk -v3 -u u -A {WORD} x", f"rclone obscure {WORD}",
    f"kubectl create secret generic x --from-literal=password={WORD}", f"useradd -p {WORD} x",
    f"mosquitto_passwd -b /f u {WORD}", f": ${{DB_PASSWORD:={WORD}}}; app",
    f"helm install --set auth.password={WORD} x",
    f"curl -d 'username=u&password={WORD}' http://x", f"curl -H 'X-Api-Key: {WORD}' http://x",
    f"redis-server s.conf --sentinel auth-pass mymaster {WORD}", f"htpasswd -nb user {WORD}",
]  # fmt: skip
CONTENTS = [
    f"sentinel auth-pass mymaster {WORD}\n", f"userlist u\n  user admin insecure-password {WORD}\n",
    f"basic_auth:\n  username: u\n  password: {WORD}\n", f"authorization:\n  credentials: {WORD}\n",
    f"<x><password>{WORD}</password></x>", f'<bean password="{WORD}"/>', f"- name: DB_PASSWORD\n  value: {WORD}\n",
    f"define('DB_PASSWORD', '{WORD}');", f':password => "{WORD}"', f'"app" "{WORD}"\n',
    f'proxy_set_header Authorization "Basic {BASIC}";', f'proxy_set_header Authorization "Bearer {WORD}";',
]  # fmt: skip
VARIABLES = {
    "DSN": f"u:{WORD}@tcp(db:3306)/x", "ORA": f"u/{WORD}@db:1521/x", "SENTRY": f"https://{WORD}@o1.example.test/1",
    "CONFIG": f"db:\n  password: {WORD}\n", "SASL": f"x required username='u' password='{WORD}';",
    "CONN": f"DRIVER=x;UID=u;PWD={WORD}", "PG_DSN": f"host=db user=u password={WORD} dbname=x",
}  # fmt: skip
KEYS: list[dict[str, Any]] = [
    {"labels": {"traefik.http.middlewares.a.basicauth.users": f"admin:{WORD}"}},
    {"labels": {"app.password": WORD}},
    {"labels": {"x": f"http://u:{WORD}@h"}},
    {"annotations": {"token": WORD}},
    {"logging": {"driver": "splunk", "options": {"splunk-token": WORD}}},
    {"logging": {"driver": "x", "options": {"url": f"http://u:{WORD}@x"}}},
    {"build": {"context": f"https://u:{WORD}@git.test/y.git"}},
    {"build": {"context": ".", "labels": {"secret": WORD}}},
    {"build": {"context": ".", "additional_contexts": {"a": f"https://u:{WORD}@git.test/y.git"}}},
    {"build": {"context": ".", "cache_to": [f"type=s3,access_key_id=A,secret_access_key={WORD}"]}},
    {"build": {"context": ".", "dockerfile_inline": f"FROM x\nENV DB_PASSWORD={WORD}\n"}},
    {"build": {"context": ".", "dockerfile_inline": f"FROM x\nRUN echo 'root:{WORD}' | chpasswd\n"}},
    {"post_start": [{"command": ["redis-cli", "-a", WORD, "config", "set", "x", "y"]}]},
    {"x-secret": WORD},
]
WRITTEN: list[dict[str, Any]] = [
    *({"services": {"web": {"command": ["sh", "-c", script]}}} for script in SCRIPTS),
    *({"services": {"web": {"configs": [{"source": "c"}]}}, "configs": {"c": {"content": one}}} for one in CONTENTS),
    *({"services": {"web": {"environment": {name: value}}}} for name, value in VARIABLES.items()),
    *({"services": {"web": spec}} for spec in KEYS),
    {"services": {"web": {}}, "volumes": {"v": {"driver_opts": {"type": "cifs", "o": f"username=u,password={WORD}"}}}},
]
ORDINARY = [
    "zip -r a.zip src", "openssl req -x509 -newkey rsa:2048 -nodes -keyout k.pem", "vault login -method=userpass",
    "echo hello | tee /tmp/x", "rabbitmqctl set_policy ha-all queues", "useradd --system --uid 10001 app-user",
    "psql -c 'select password_hash from people'", "curl http://api:5000/v1/items", "snmpwalk -v2c router.example.test",
    "mac 02:42:ac:11:65:3a and fe80:1234:abcd:1:2:3", "image registry.example.test:5000/team/service@sha256:0123abcd",
    "cat /run/secrets/database-password", "exec gunicorn --bind=0.0.0.0:5000 service.app:create_app",
    "${DB_PASSWORD_FILE:-/run/secrets/database}", "git clone https://github.example.test/someone/repository.git",
]  # fmt: skip


@pytest.mark.parametrize("config", WRITTEN, ids=lambda config: str(config)[:70])
def test_a_secret_in_a_text_is_hidden(config: dict[str, Any], tmp_path: Path) -> None:
    kept = Folder.begin(tmp_path / "evidence")
    kept.hide(*to_hide(config, tmp_path))
    written = kept.keep("said.log", f"{json.dumps(config)}\nlog: {config}\n").read_text()
    assert REDACTED in written
    assert not [secret for secret in (WORD, BASIC) if secret in written]


@pytest.mark.parametrize("script", ORDINARY)
def test_what_is_no_secret_makes_no_hole(script: str, tmp_path: Path) -> None:
    assert to_hide({"services": {"web": {"command": ["sh", "-c", script], "labels": {"x": script}}}}, tmp_path) == []
