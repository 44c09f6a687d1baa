"""Secrets known by their form, whatever they are called: keys and tokens as their makers document them."""

from __future__ import annotations

import re
from collections.abc import Iterator

FORMS = {  # a test key of a payment service or the like is none
    "a private key": r"-----BEGIN (?P<kind>[A-Z0-9 ]*PRIVATE KEY)\b(?s:.*?-----END (?P=kind)-----)?"
    r"|\bAGE-SECRET-KEY-1[0-9A-Z]{20,}",
    "a key of Azure": r"(?<=\bAccountKey=)[A-Za-z0-9+/]{86}==",
    "a token of GitHub": r"\bgh[pousr]_\w{36}|\bgithub_pat_\w{22,}",
    "a token of GitLab": r"\bgl(?:pat|dt|ft|rt|rtr|cbt|ptt|soat|imt|agent|oas|ffct|wt)-[\w.-]{16,}",
    "a token of npm": r"\bnpm_[A-Za-z0-9]{36}\b|(?<=:_authToken=)(?!\$)\S+",
    "a token of PyPI": r"\bpypi-AgE[\w-]{40,}",
    "a token of Docker Hub": r"\bdckr_(?:pat|oat)_[\w-]{20,}",
    "a token of Slack": r"\bxox[abeoprs]-[\w-]{10,}|\bxapp-\d-[\w-]{10,}|hooks\.slack\.com/services/T\w+/B\w+/\w+",
    "a webhook of Discord": r"\bdiscord(?:app)?\.com/api/webhooks/\d+/[\w-]+",
    "a token of Telegram": r"(?<!\d)\d{8,10}:AA[\w-]{33}",
    "a key of Stripe": r"\b[rs]k_live_[0-9a-zA-Z]{16,}",
    "a key of Google": r"\bAIza[\w-]{35}|\bGOCSPX-[\w-]{28}|\bya29\.[\w-]{20,}",
    "a key of a model's service": r"\bsk-(?:ant|proj|svcacct|or)-[\w-]{20,}|\bhf_[A-Za-z0-9]{30,}",
    "a key of SendGrid": r"\bSG\.[\w-]{22}\.[\w-]{43}",
    "a token of Vault": r"\bhv[sbr]\.[\w-]{24,}",
    "a token of DigitalOcean": r"\bdo[opr]_v1_[0-9a-f]{64}",
    "a JSON Web Token": r"\beyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{8,}",
}
_FORMS = {name: re.compile(form) for name, form in FORMS.items()}


def tokens_in(text: str) -> Iterator[str]:
    """The secrets themselves, as they stand in a text."""
    yield from (found[0] for form in _FORMS.values() for found in form.finditer(text))


def forms_in(text: str) -> list[str]:
    """What kinds of secrets a text has, by name."""
    return [name for name, form in _FORMS.items() if form.search(text)]
