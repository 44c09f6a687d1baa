"""Secrets on a command line: behind the options by which programs take them, inside of a shell's script too."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from checks.subject.secret_names import (
    USER_AND_PASSWORD,
    assigned_in,
    can_be_secret,
    names_a_secret,
    passwords_in_addresses,
)
from checks.subject.shell_words import commands_in

REDIS_CLIENTS = ("redis-cli", "redis-benchmark", "valkey-cli", "valkey-benchmark", "keydb-cli", "keydb-benchmark")
MYSQL_CLIENTS = (
    "mysql", "mysqladmin", "mysqlcheck", "mysqldump", "mysqlimport", "mysqlshow", "mysqlsh", "mariadb", "mariadb-admin",
    "mariadb-check", "mariadb-dump", "mariadb-import", "mariadb-show",
)  # fmt: skip
SHORT: Mapping[str, str] = {  # {program: the short option that takes a password}, as its own help says
    **dict.fromkeys(REDIS_CLIENTS, "-a"),
    **dict.fromkeys(("mongo", "mongosh", "mongodump", "mongorestore", "cqlsh", "cypher-shell"), "-p"),
    **dict.fromkeys(("sshpass", "rabbitmqadmin", "twine"), "-p"),
    **dict.fromkeys(("mosquitto_sub", "mosquitto_pub", "mosquitto_rr"), "-P"),
    **dict.fromkeys(("docker login", "podman login", "buildah login", "nerdctl login", "skopeo login"), "-p"),
    "ldapsearch": "-w", "ldapwhoami": "-w", "sqlcmd": "-P",
}  # fmt: skip
ATTACHED: Mapping[str, str] = dict.fromkeys(MYSQL_CLIENTS, "-p")  # with a word of its own it asks for one
LOGINS: Mapping[str, tuple[str, ...]] = {  # behind these stands `user:password`
    "curl": ("-u", "--user", "-U", "--proxy-user"), "http": ("-a", "--auth"), "https": ("-a", "--auth"),
    "xh": ("-a", "--auth"), "ab": ("-A",), "hey": ("-a",), "etcdctl": ("--user",),
}  # fmt: skip
HEADER_OF_CURL = re.compile(r"-[fgikLnNqsSvG0146]+H")
CLUSTER_OF_CURL = re.compile(r"-[fgikLnNqsSvG0146]*(?=[uU])")  # switches that may stand in front of `u` in one word
OPTION = re.compile(r"--?(?P<name>[A-Za-z][\w.:-]*)(?:=(?P<value>.*))?", re.DOTALL)
ASSIGNMENT = re.compile(r"(?P<name>[A-Za-z_][\w.]*)=(?P<value>.*)", re.DOTALL)
HEADER = re.compile(r"(?P<name>[A-Za-z][\w-]*):\s*(?:(?:Basic|Bearer|Token)\s+)?(?P<value>\S+)", re.IGNORECASE)
OF_HEADERS = {"-H", "--header", "--headers"}
SEVERAL_WORDS = re.compile(r"[\s;]")
SCRIPTS_IN_SCRIPTS = 3  # how deep scripts are looked for in the words of scripts
PASS_PHRASE = re.compile(r"pass:(?P<value>\S+)")  # of openssl
DEFAULT = re.compile(r"\$\{\w+:?-(?P<value>[^}$]+)\}")  # what a shell takes where a variable is not set
KEEP_SETTINGS = {"aws", "composer", "npm", "pip", "pnpm", "poetry", "yarn"}  # by `config`, a name and a value
OF_MINIO = {"alias set": 5, "config host": 6}  # of `mc`: how far behind the program its password stands
RULE_OF_ACL = r"(?:on|off|nopass|reset\w*|all\w+|[~+%#&<!(-]\S*)"  # what may stand before a password there
IN_TEXT = (  # what a script writes to Redis, or into a file of its users
    re.compile(r"\bAUTH\s+(?:[\w.-]+\s+)?(?P<password>[^\s\\\"'$]+)(?=\\[rn])"),
    re.compile(
        rf"(?:^|[\s'\"]|--)user\s+\S+\s+(?:{RULE_OF_ACL}\s+)+>(?P<password>(?![&/])[^\s\\\"'$%]+)", re.IGNORECASE
    ),
)
DIRECTIVES = {"requirepass", "masterauth"}  # of redis.conf, as scripts write them
USERS = {"user", "--user", "setuser"}  # of Redis: behind a name stand rules, one of which may be `>password`


@dataclass(frozen=True, kw_only=True)
class OnLine:
    """A secret on a command line, or the variable that the shell puts there: by what it goes, what stands before it."""

    name: str
    before: str
    value: str

    @property
    def is_literal(self) -> bool:
        return can_be_secret("password", self.value)


def on_command_line(words: Sequence[str]) -> Iterator[OnLine]:
    """What stands on it, scripts in its words looked through; a variable counts where an option takes a password."""
    for one in _of_command([word.replace("$$", "$") for word in words], scripts=SCRIPTS_IN_SCRIPTS):
        yield one
        if default := DEFAULT.fullmatch(one.value):
            start = one.value[: default.start("value")]
            yield OnLine(name=one.name, before=one.before + start, value=default["value"])


def _of_command(words: Sequence[str], scripts: int) -> Iterator[OnLine]:
    for at, word in enumerate(words):
        following = words[at + 1] if at + 1 < len(words) else ""
        if SEVERAL_WORDS.search(word) and not word.startswith("--header="):
            for command in commands_in(word) if scripts else ():
                yield from _of_command(command, scripts - 1)
            yield from _in_text(word)
            continue
        yield from _of_program(PurePosixPath(word).name, words[at + 1 :])
        yield from _of_word(word, following)
        yield from _told_to_redis(word, words[:at], words[at + 1 :])


def _told_to_redis(word: str, before: Sequence[str], behind: Sequence[str]) -> Iterator[OnLine]:
    """Behind words of Redis' own: in its configuration, of its users, of its command AUTH."""
    if word.lower() in USERS:
        yield from _of_redis_user(behind[1:])
    elif word == "AUTH" or (word == "auth" and _names_a_client(before)):
        yield from _of_auth(behind)
    elif word in DIRECTIVES and behind and behind[0]:
        yield OnLine(name=word, before=f"{word} ", value=behind[0])


def _names_a_client(words: Sequence[str]) -> bool:
    return any(PurePosixPath(word).name in REDIS_CLIENTS for word in words)


def _in_text(text: str) -> Iterator[OnLine]:
    """What stands in a word of several words that is a text of its own: an address, JSON, lines for Redis."""
    yield from _in_address(text)
    for pattern in IN_TEXT:
        for found in pattern.finditer(text):
            yield OnLine(
                name="password in a text", before=found[0].partition(found["password"])[0][-1:], value=found["password"]
            )


def _of_program(program: str, words: Sequence[str]) -> Iterator[OnLine]:
    yield from _by_place(program, words)
    program = f"{program} login" if words[:1] == ("login",) else program
    if program not in {*SHORT, *ATTACHED, *LOGINS}:
        return
    for word, following in itertools.pairwise((*words, "")):
        short, attached = SHORT.get(program), ATTACHED.get(program)
        if short and word == short and following:
            yield OnLine(name=short, before=f"{short} ", value=following)
        elif short and word.startswith(short) and word != short and not word.startswith("--"):
            yield OnLine(name=short, before=short, value=word.removeprefix(short))
        elif attached and word.startswith(attached) and word != attached:
            yield OnLine(name=attached, before=attached, value=word.removeprefix(attached))
        elif program in LOGINS:
            yield from _of_login(program, word, following)


def _by_place(program: str, words: Sequence[str]) -> Iterator[OnLine]:
    """What a program takes without an option of its own for it."""
    if program == "mc" and (place := OF_MINIO.get(" ".join(words[:2]))):
        yield from (OnLine(name="mc", before="", value=one) for one in words[place : place + 1])
    elif program == "htpasswd" and any(re.fullmatch(r"-\w*b\w*", word) for word in words):
        yield OnLine(name="htpasswd", before="", value=words[-1])
    elif program in KEEP_SETTINGS and words[:1] and words[0] in {"config", "configure"}:
        yield from _of_settings(words[1:])


def _of_settings(words: Sequence[str]) -> Iterator[OnLine]:
    """`npm config set //registry.npmjs.org/:_authToken VALUE`."""
    for name, value in itertools.pairwise(words):
        if (names_a_secret(name) or "oauth." in name) and can_be_secret(name, value):
            yield OnLine(name=name, before=f"{name} ", value=value)


def _of_login(program: str, word: str, following: str) -> Iterator[OnLine]:
    """`-u user:password`, in any of the ways that an option may be written."""
    plain = "-" + CLUSTER_OF_CURL.sub("", word, count=1) if program == "curl" and CLUSTER_OF_CURL.match(word) else word
    for option in LOGINS[program]:
        if plain == option:
            login, before = following, f"{option} "
        elif plain.startswith(f"{option}=" if option.startswith("--") else option):
            login, before = plain.removeprefix(option).removeprefix("="), option
        else:
            continue
        user, colon, password = login.partition(":")
        if colon and password:
            yield OnLine(name=option, before=f"{before}{user}:", value=password)


def _of_word(word: str, following: str) -> Iterator[OnLine]:
    """What the word says by itself, or of the one that follows it: an option, an assignment, an address, a header."""
    if in_address := [*_in_address(word)]:
        yield from in_address
    elif word in OF_HEADERS or HEADER_OF_CURL.fullmatch(word):
        yield from _in_header(word, following)
    elif word.startswith("--header="):
        yield from _in_header("--header", word.partition("=")[2])
    elif phrase := PASS_PHRASE.fullmatch(word):
        yield OnLine(name="pass:", before="pass:", value=phrase["value"])
    elif option := OPTION.fullmatch(word):
        yield from _of_option(option, following)
    elif (assigned := ASSIGNMENT.fullmatch(word)) and names_a_secret(assigned["name"]):
        name, value = assigned["name"], assigned["value"]
        if can_be_secret(name, value):  # a variable in an assignment is on no command line
            yield OnLine(name="password in an assignment", before=f"{name}=", value=value)


def _in_header(option: str, header: str) -> Iterator[OnLine]:
    found = HEADER.match(header)
    if found and (found["name"].lower() == "authorization" or names_a_secret(found["name"])):
        yield OnLine(name=option, before=header[: found.start("value")], value=found["value"])


def _in_address(word: str) -> Iterator[OnLine]:
    for password in dict.fromkeys((*passwords_in_addresses(word), *assigned_in(word))):
        before = word.partition(password)[0]
        yield OnLine(name="password in an address", before=before[before.rfind(" ") + 1 :], value=password)


def _of_option(option: re.Match[str], following: str) -> Iterator[OnLine]:
    name, value = option["name"], option["value"]
    if USER_AND_PASSWORD.fullmatch(name) and value and ":" in value:
        user, _, password = value.partition(":")
        yield OnLine(name=f"--{name}", before=f"{user}:", value=password)
    if not names_a_secret(name):
        return
    told = following if value is None else value
    if told and not (value is None and told.startswith("-")) and (told.startswith("$") or can_be_secret(name, told)):
        option_itself = option[0] if value is None else option[0].removesuffix(f"={value}")
        yield OnLine(name=option_itself, before=f"{option_itself}{' ' if value is None else '='}", value=told)


def _of_redis_user(rules: Sequence[str]) -> Iterator[OnLine]:
    for rule in rules:
        if rule.startswith("--"):
            return
        if len(rule) > 1 and rule.startswith(">"):
            yield OnLine(name=">password", before=">", value=rule[1:])


def _of_auth(words: Sequence[str]) -> Iterator[OnLine]:
    """Redis' command AUTH, with a user or without."""
    for password in words[:2][-1:]:
        yield OnLine(name="AUTH", before="AUTH ", value=password)
