"""Clients that ask a service: what they end in when it is down, and when its answer is an error."""

import re
from collections.abc import Callable, Mapping, Sequence

from checks.requirements.r7_healthchecks.shell.state import EITHER, Result, Situation
from checks.requirements.r7_healthchecks.shell.values import ANY, FAILED, FULL, OK, Field, Many, Some, prefix_of

Client = Callable[[Sequence[Field], Situation], frozenset[Result]]

# curl --help all; a letter with a value takes the rest of its word, or the next word
CURL_LETTERS_WITH_VALUE = set("AbcCdDeEFhHKmoPQrtTuUwxXyYz")
CURL_DECIDES = re.compile(r"--fai|--no-fail|--config|--next|--version|--help|--manual|--libcurl")
NETCAT_LETTERS_WITH_VALUE = set("wiG")
HTTP = re.compile(r"https?://|[\w.-]+(:\d+)?(/|$)|\[[0-9a-fA-F:]+\]")
OTHER_SCHEME = re.compile(r"(?!https?:)[a-z]+://")
# redis-cli --help (8.0); the options that take a value, and those that take none
REDIS_WITH_VALUE = {
    "-h", "-p", "-t", "-s", "-a", "-u", "-r", "-i", "-n", "-d", "-D", "-X", "--user", "--pass", "--sni", "--cacert",
    "--cacertdir", "--cert", "--key", "--tls-ciphers", "--tls-ciphersuites", "--show-pushes",
}  # fmt: skip
REDIS_FLAGS = {
    "-c", "-x", "-2", "-3", "-4", "-6", "--raw", "--no-raw", "--quoted-input", "--csv", "--json", "--quoted-json",
    "--tls", "--insecure", "--no-auth-warning", "--askpass", "--verbose",
}  # fmt: skip


def _curl(words: Sequence[Field], situation: Situation) -> frozenset[Result]:
    """Without -f the answer's status is nothing to it; with it, an error says nothing on the output either."""
    told = _curl_options(words)
    if told is None:
        return EITHER
    letters, says_more = told
    if "f" in letters or situation == "down":
        return frozenset({(FAILED, FULL if says_more else "")})
    if says_more:
        return frozenset({(OK, FULL)})
    return frozenset({(OK, "" if "o" in letters else ANY)})


def _curl_options(words: Sequence[Field]) -> tuple[set[str], bool] | None:
    """The letters of its options, and whether -w has it say something; None where not all is known."""
    letters: set[str] = set()
    addresses, rest = 0, list(words)
    says_more = False
    while rest:
        word = rest.pop(0)
        if isinstance(word, Many):
            return None
        text = prefix_of(word)
        if text.startswith("--"):
            if text in {"--fail", "--fail-with-body"}:
                letters.add("f")
                says_more = says_more or text == "--fail-with-body"
            elif CURL_DECIDES.match(text):
                return None
            says_more = says_more or text.startswith("--write-out")
            rest = rest[1:] if text in CURL_LONG_WITH_VALUE else rest
        elif text.startswith("-"):
            found, takes_next = _cluster(text[1:], CURL_LETTERS_WITH_VALUE)
            letters |= found
            rest = rest[1:] if takes_next else rest
        elif OTHER_SCHEME.match(text):
            return None
        else:
            addresses += 1
    return (letters, says_more or "w" in letters) if addresses and not letters & set("KhVM:") else None


CURL_LONG_WITH_VALUE = {
    "--max-time", "--connect-timeout", "--retry", "--retry-delay", "--retry-max-time", "--output", "--write-out",
    "--header", "--user", "--request", "--data", "--data-raw", "--data-binary", "--json", "--user-agent", "--cacert",
    "--cert", "--key", "--resolve", "--connect-to", "--unix-socket", "--proxy", "--noproxy", "--interface", "--referer",
    "--cookie", "--max-redirs", "--range", "--form", "--dump-header", "--limit-rate", "--oauth2-bearer", "--stderr",
}  # fmt: skip


def _cluster(letters: str, with_value: set[str]) -> tuple[set[str], bool]:
    """The options in a word such as `sSfo/dev/null`, and whether the last of them takes the next word."""
    found: set[str] = set()
    for place, letter in enumerate(letters):
        found.add(letter)
        if letter in with_value:
            return found, place == len(letters) - 1
    return found, False


def _wget(words: Sequence[Field], situation: Situation) -> frozenset[Result]:
    """An error is a failure, and its text is not shown."""
    if any(isinstance(word, Many) or prefix_of(word).startswith("--content-on-error") for word in words):
        return frozenset({(FAILED, ANY)}) if situation == "error" and Many.WORDS not in words else EITHER
    asks = any(not prefix_of(word).startswith("-") for word in words if isinstance(word, (str, Some)))
    return frozenset({(FAILED, "")}) if asks else EITHER


def _redis(flag: bool) -> Client:
    """Without -e (which came with Redis 7) an error reply is as good as any other."""

    def client(words: Sequence[Field], situation: Situation) -> frozenset[Result]:
        rest = list(words)
        while rest and not isinstance(rest[0], Many) and prefix_of(rest[0]).startswith("-"):
            word = rest.pop(0)
            if word == "-e":
                return frozenset({(FAILED, FULL if flag and situation == "error" else "")})
            if word in REDIS_WITH_VALUE:
                rest = rest[1:]
            elif word not in REDIS_FLAGS:
                return EITHER
        if Many.WORDS in rest[:1]:
            return EITHER
        if situation == "down":
            return frozenset({(FAILED, "")}) if rest else EITHER
        return frozenset({(OK, FULL)})

    return client


def _netcat(words: Sequence[Field], situation: Situation) -> frozenset[Result]:
    """With -z it looks whether a port is open, and no further; of UDP it cannot tell."""
    letters: set[str] = set()
    operands, rest = 0, list(words)
    while rest:
        word = rest.pop(0)
        if isinstance(word, Many) or prefix_of(word).startswith("--"):
            return EITHER
        if not prefix_of(word).startswith("-"):
            operands += 1
            continue
        found, takes_next = _cluster(prefix_of(word)[1:], NETCAT_LETTERS_WITH_VALUE)
        letters |= found
        rest = rest[1:] if takes_next else rest
    if operands != 2 or "z" not in letters or not letters <= set("znv46") | NETCAT_LETTERS_WITH_VALUE:
        return EITHER
    return frozenset({(FAILED, "")}) if situation == "down" else frozenset({(OK, "")})


CLIENTS: Mapping[str, Client] = {
    **dict.fromkeys(("nc", "ncat", "netcat"), _netcat),
    "curl": _curl,
    "wget": _wget,
    "redis-cli": _redis(flag=True),
    "valkey-cli": _redis(flag=True),
    "keydb-cli": _redis(flag=False),
}
