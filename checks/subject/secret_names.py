"""What a name, such as a variable's or an option's, tells of its value: that it is a secret."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from urllib.parse import unquote

from checks.subject.secret_forms import tokens_in

PASSWORD_WORD = re.compile(r".*(?:passw(?:or[dt]s?|d)|passphrases?|pass)")
SECRET_WORD = re.compile(
    r".*(?:secrets?|tokens?|credentials?|bearer|(?:api|private|access|secret|signing|encryption)keys?)|(?:master|primary)auth|sshpass|pgpass|mnemonic"
)
NO_SECRET_WORDS = {
    "askpass",
    "bypass",
    "compass",
    "encompass",
    "surpass",
    "trespass",
    "underpass",
    "secretary",
    "secretariat",
}
KINDS_OF_KEYS = """
    access account api app auth cipher client cookie crypto deploy encryption fernet hmac jwt license master private
    secret session signing unseal
"""  # `API_KEY`; a public key, or the key of a map, is none
WITH_AUTH = {"keydb", "master", "redis", "rediscli", "valkey"}  # AUTH is Redis' word for its password
USER_AND_PASSWORD = re.compile(
    r".*(?:basic|neo4j)[_-]?auth", re.IGNORECASE
)  # one value has both, with `:` or `/` between
AS_A_WHOLE = (["root", "token", "id"], ["npm", "config", "auth"])  # Vault takes the token itself by this name
LAST_OF_SEVERAL = {"pat", "pw", "pwd", "salt", "pepper"}  # `MYSQL_PWD`; alone, PWD is a folder
ALONE = {"salt", "pepper"}
ALONE_IN_TEXT = {"PWD": ";", "auth": '"auths"'}
"""{name: what stands in the same text}: of ODBC's connection strings, and of what `docker login` writes."""
VERBS = """
    allow disable disabled empty enable forgot hide mask no redact require rotate show skip strip without
"""  # as the first word: so a switch is called, or that there is none (`--disabled-password`)
ABOUT_ONE = """
    account age alg algo algorithm alias aliases allowed arn attempts attribute attributes audience backend bucket
    change characters chars check checks class cost count days dir directory dirs disabled driver duration enabled
    encoder encoding encryption endpoint engine env exp expiration expired expires expiry field file files filter
    filters format func function generator hasher hashers hashing header helper hint history host hours id interval
    issuer kind length level lifespan lifetime limit manager max method min minutes mode name names needed optional
    parallelism path paths pattern period permission permissions policy port prefix prefixes prompt provider
    question rate ref reference regex required reset retries rotation rounds scope scopes seconds server service
    size source storage store strategy strength suffix through timeout tries ttl type uri url user username
    validation validator validators var variable version
"""  # as the last word of a name these say something about a secret: `PASSWORD_HASHER`; so do VERBS as the first
WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
FOLDERS = """
    app bin certs code conf config credentials data dev docker etc home keys lib media mnt opt proc root run secret
    secrets src srv sys tmp usr var vault work workdir workspace
"""
NO_SECRET = re.compile(
    r"|''|\"\"|\d{1,3}|true|false|yes|no|on|off|none|null|unknown|enabled|disabled|required|optional"
    r"|\$+\w+(?:/.*)?|\$+[({].*|<.*>|\*+|\{\{.*|%\w+"  # a variable, or what stands for something
    rf"|(?:\.{{1,2}}|~|/(?:{'|'.join(FOLDERS.split())}))(?:/.*)?|[A-Za-z]:\\.*"  # a path: base64 may begin with a slash
    r"|(?:\.{0,2}/)?(?:[\w.@-]+/)*[\w.@-]*\.(?:cer|conf|crt|env|json|key|pem|pub|pw|secret|toml|txt|ya?ml)"
    r"|[a-z][a-z\d+.-]*://[^\s@]*|arn:.*",  # an address without a login, a reference
    re.IGNORECASE | re.DOTALL,
)
ASSIGNED = re.compile(  # in a query, a connection string, an option of Java's, JSON, the options of a program
    r"(?:[?&;,]\s?|(?<!\S)-D)(?P<name>[A-Za-z_][\w.-]*)=(?P<value>[^\s&;,#\"']+)"
    r"|\"(?P<key>[A-Za-z_][\w.-]*)\"\s*:\s*\"(?P<text>[^\"]+)\""
    r"|(?<!\S)--(?P<option>[a-z][\w-]*)[= ](?P<told>[^\s\"'-][^\s\"']*)"
)
IN_A_HEADER = re.compile(r"(?:Basic|Bearer|Token)\s+(?P<value>[^\s$<{]+)", re.IGNORECASE)
LOGIN_IN_ADDRESS = re.compile(r"://[^/\s:@?#\"']*:(?P<password>[^/\s@\"']+)@")
LONGEST_NAME = 200


def is_named_secret(name: str, value: str) -> bool:
    """Whether a name says that its value is a secret, and the value can be one; or it is an address with a login."""
    return bool([*secrets_in_value(name, value)])


def secrets_in_value(name: str, value: str) -> Iterator[str]:
    """The secrets in what goes by this name: those that stand in it by their own names, else the value as a whole."""
    in_addresses = [*passwords_in_addresses(value)]
    yield from dict.fromkeys((*in_addresses, *assigned_in(value), *tokens_in(value)))
    if name.lower().endswith("authorization") and (header := IN_A_HEADER.fullmatch(value)):
        yield header["value"]
    if not in_addresses and can_be_secret(name, value) and _names_the_secret_in(name, value):
        yield value


def passwords_in_addresses(text: str) -> Iterator[str]:
    """The password of each `scheme://user:password@` in a text, as it stands there, and as it is meant."""
    for found in LOGIN_IN_ADDRESS.finditer(text):
        password = found["password"]
        if not NO_SECRET.fullmatch(password) or password.isdigit():
            yield from dict.fromkeys((password, unquote(password)))


def assigned_in(text: str) -> Iterator[str]:
    """What is given to the name of a secret inside of a text: `?token=...`, `;Password=...`, `{"password": "..."}`."""
    for found in ASSIGNED.finditer(text):
        name, value = (next(filter(None, found.groups()[place::2])) for place in (0, 1))
        is_one = names_a_secret(name) or ALONE_IN_TEXT.get(name, "\0") in text
        if is_one and can_be_secret(name, value):
            yield value


def names_a_secret(name: str) -> bool:
    """Whether a word of the name means a secret, and its last word not something about one."""
    words = _words(name)
    if words[-3:] in AS_A_WHOLE:
        return True
    if not words or words[0] in VERBS.split() or words[-1] in ABOUT_ONE.split():
        return False
    return _has_secret_word(words) or _ends_as_one(words)


def can_be_secret(name: str, value: str) -> bool:
    """Whether a value is neither a path nor a variable nor a switch; of numbers, only passwords are secrets."""
    if value.isdigit():
        return len(value) > 3 and any(PASSWORD_WORD.fullmatch(word) or word in {"pwd", "pw"} for word in _words(name))
    return not NO_SECRET.fullmatch(value)


def _words(name: str) -> list[str]:
    return [word.lower() for word in WORD.findall(name[:LONGEST_NAME])]


def _has_secret_word(words: list[str]) -> bool:
    telling = [word for word in words if word not in NO_SECRET_WORDS]
    return any(PASSWORD_WORD.fullmatch(word) or SECRET_WORD.fullmatch(word) for word in telling)


def _ends_as_one(words: list[str]) -> bool:
    """By two words that mean a secret together: `API_KEY`, `REDIS_AUTH`, `MYSQL_PWD`, `ERLANG_COOKIE`."""
    pairs = [*itertools.pairwise(words)]
    if any(word in {"key", "keys"} and before in KINDS_OF_KEYS.split() for before, word in pairs):
        return True
    before, last = pairs[-1] if pairs else ("", words[-1])
    return (
        (last == "auth" and before in WITH_AUTH)
        or (bool(before) and last in LAST_OF_SEVERAL)
        or (not before and last in ALONE)
        or (before, last) == ("erlang", "cookie")
    )


def _names_the_secret_in(name: str, value: str) -> bool:
    if USER_AND_PASSWORD.fullmatch(name):
        return ":" in value or "/" in value
    return names_a_secret(name)
