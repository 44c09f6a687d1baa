"""Secrets in what an image says of itself: by the names that they go by, and by the forms that their makers give."""

import re
from collections.abc import Iterator, Mapping

from checks.core.redaction import SHORTEST_SECRET
from checks.subject.secret_names import is_named_secret, passwords_in_addresses
from checks.subject.secret_options import on_command_line

VALUE = r"(?:\"([^\"]*)\"|'([^']*)'|([^\s\"']+))"
ASSIGNED = re.compile(
    rf"(?=(?<![\w.-])([\w.-]+)={VALUE})"
)  # one may stand in the value of another: `JAVA_OPTS=-Dpassword=`
RUN = re.compile(r"(?:^|\s)-c (?!#\(nop\))(?P<script>.*?)(?:\s*# buildkit)?$", re.MULTILINE)
HEADER = re.compile(r"([\w.-]+)[\"']?:\s*[\"']?((?=\S*\d)(?=\S*[A-Za-z])[\w+/=.-]{12,})")
FORMS = {  # as their makers document them; a test key of a payment service or the like is none
    "a private key": r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY|\bAGE-SECRET-KEY-1[0-9A-Z]{20}",
    "a login in an address": r"://[^/\s:@$\"']*:(?![*<{x]+@)[^/\s@$\"'{<]+@",
    "a login on a command line": r"\bcurl\b[^|;&]*\s(?:-u|--user)[= ]\s*[\"']?[^\s:$\"']+:[^\s$\"']+",
    "a login for chpasswd": r"\becho\s+(?:-\w+\s+)*[\"']?[\w.-]+:(?![$<{*!])[^\s\"'|]+[\"']?\s*\|[^|]*\bchpasswd\b",
    "a login for Poetry": r"\bpoetry config http-basic\.\S+ \S+ [\"']?(?![$<{\"'])\S+",
    "an Authorization header": r"\bAuthorization[\"']?:\s*[\"']?(?:Basic|Bearer|token)\s+(?![$<{])[\w+/=.~-]{8,}",
    "an access key of AWS": r"\b(?:AKIA|ASIA|ABIA|ACCA)[0-9A-Z]{16}\b",
    "a key of Azure": r"\bAccountKey=[A-Za-z0-9+/]{86}==",
    "a token of GitHub": r"\bgh[pousr]_\w{36}|\bgithub_pat_\w{22,}",
    "a token of GitLab": r"\bgl(?:pat|dt|ft|rt|rtr|cbt|ptt|soat|imt|agent|oas|ffct|wt)-[\w.-]{16,}",
    "a token of npm": r"\bnpm_[A-Za-z0-9]{36}\b|:_authToken=(?!\$)\S+",
    "a token of PyPI": r"\bpypi-AgE[\w-]{40,}",
    "a token of Docker Hub": r"\bdckr_(?:pat|oat)_[\w-]{20,}",
    "a token of Slack": r"\bxox[abeoprs]-[\w-]{10,}|\bxapp-\d-[\w-]{10,}|hooks\.slack\.com/services/T\w+/B\w+/\w+",
    "a key of Stripe": r"\b[rs]k_live_[0-9a-zA-Z]{16,}",
    "a key of Google": r"\bAIza[\w-]{35}|\bGOCSPX-[\w-]{28}|\bya29\.[\w-]{20,}",
    "a key of a model's service": r"\bsk-(?:ant|proj|svcacct|or)-[\w-]{20,}|\bhf_[A-Za-z0-9]{30,}",
    "a key of SendGrid": r"\bSG\.[\w-]{22}\.[\w-]{43}",
    "a token of Vault": r"\bhv[sbr]\.[\w-]{24,}",
    "a token of DigitalOcean": r"\bdo[opr]_v1_[0-9a-f]{64}",
    "a JSON Web Token": r"\beyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{8,}",
}
_FORMS = {name: re.compile(form) for name, form in FORMS.items()}


def secrets_in(lines: tuple[str, ...], secrets: Mapping[str, str]) -> Iterator[str]:
    """What each secret in these lines is called, never what it is; `secrets` are known ones, {name: secret}."""
    text = "\n".join(lines)
    yield from (name for name, secret in secrets.items() if len(secret) >= SHORTEST_SECRET and secret in text)
    named = [*ASSIGNED.findall(text), *HEADER.findall(text)]
    assigned = [name for name, *values in named if _is_secret(name, "".join(values))]
    yield from dict.fromkeys((*assigned, *(one for one in _in_steps(text) if one not in assigned)))
    if looks := [what for what, form in _FORMS.items() if form.search(text)]:
        yield f"something that looks like {', '.join(looks)}"


def _is_secret(name: str, value: str) -> bool:
    """By its name; a login in an address is told by its form."""
    return is_named_secret(name, value) and not any(passwords_in_addresses(value))


def _in_steps(text: str) -> Iterator[str]:
    """What stands on the command lines that built the image."""
    for step in RUN.finditer(text):
        yield from (one.name for one in on_command_line(["sh", "-c", f"{step['script']}\n"]) if one.is_literal)
