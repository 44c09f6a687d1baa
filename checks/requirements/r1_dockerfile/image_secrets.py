"""Secrets in what an image says of itself: by the names that they go by, and by the forms that their makers give."""

import re
from collections.abc import Iterator, Mapping

from checks.core.redaction import SHORTEST_SECRET
from checks.subject.secret_forms import forms_in
from checks.subject.secret_names import is_named_secret, passwords_in_addresses
from checks.subject.secret_options import on_command_line

VALUE = r"(?:\"([^\"]*)\"|'([^']*)'|([^\s\"']+))"
ASSIGNED = re.compile(
    rf"(?=(?<![\w.-])([\w.-]+)={VALUE})"
)  # one may stand in the value of another: `JAVA_OPTS=-Dpassword=`
RUN = re.compile(r"(?:^|\s)-c (?!#\(nop\))(?P<script>.*?)(?:\s*# buildkit)?$", re.MULTILINE)
EXEC = re.compile(r"^(?:CMD|ENTRYPOINT|HEALTHCHECK)\b[^\[]*\[(?P<script>.*?)\]", re.MULTILINE)  # words in quotes
HEADER = re.compile(r"([\w.-]+)[\"']?:\s*[\"']?((?=\S*\d)(?=\S*[A-Za-z])[\w+/=.-]{12,})")
MIXED = r"(?=[\w-]*\d)(?=[\w-]*[A-Za-z])[\w-]{10,}"  # a name of somebody is seldom both
FORMS = {
    "a login in an address": r"://[^/\s:@$\"']*:(?![*<{x]+@)[^/\s@$\"'{<]+@",
    "a token in an address of sources": rf"://{MIXED}@(?:[\w-]+\.)*(?:github|gitlab|gitea|bitbucket|azure)\.[\w.-]+/",
    "a login on a command line": r"\bcurl\b[^|;&]*\s(?:-u|--user)[= ]\s*[\"']?[^\s:$\"']+:[^\s$\"']+",
    "a login for chpasswd": r"\becho\s+(?:-\w+\s+)*[\"']?[\w.-]+:(?![$<{*!])[^\s\"'|]+[\"']?\s*\|[^|]*\bchpasswd\b",
    "a login for a registry": r"\b(?:poetry|composer) config (?:-\S+ )*http-basic\.\S+ \S+ [\"']?(?![$<{\"'])\S+",
    "a login of a netrc": r"\bmachine\s+\S+\s+login\s+\S+\s+password\s+(?![$<{])\S+",
    "an Authorization header": r"\bAuthorization[\"']?:\s*[\"']?(?:Basic|Bearer|token)\s+(?![$<{])[\w+/=.~-]{8,}",
    "an access key of AWS": r"\b(?:AKIA|ASIA|ABIA|ACCA)[0-9A-Z]{16}\b",
}
_FORMS = {name: re.compile(form) for name, form in FORMS.items()}


def secrets_in(lines: tuple[str, ...], secrets: Mapping[str, str]) -> Iterator[str]:
    """What each secret in these lines is called, never what it is; `secrets` are known ones, {name: secret}."""
    text = "\n".join(lines)
    yield from (name for name, secret in secrets.items() if len(secret) >= SHORTEST_SECRET and secret in text)
    named = [*ASSIGNED.findall(text), *HEADER.findall(text)]
    assigned = [name for name, *values in named if _is_secret(name, "".join(values))]
    yield from dict.fromkeys((*assigned, *(one for one in _in_steps(text) if one not in assigned)))
    if looks := [*(what for what, form in _FORMS.items() if form.search(text)), *forms_in(text)]:
        yield f"something that looks like {', '.join(looks)}"


def _is_secret(name: str, value: str) -> bool:
    """By its name; a login in an address is told by its form."""
    return is_named_secret(name, value) and not any(passwords_in_addresses(value))


def _in_steps(text: str) -> Iterator[str]:
    """What stands on the command lines that built the image, and on those that it runs."""
    for step in (*RUN.finditer(text), *EXEC.finditer(text)):
        yield from (one.name for one in on_command_line(["sh", "-c", f"{step['script']}\n"]) if one.is_literal)
