"""Secrets, in every form in which they could stand in a text."""

import base64
import html
import json
import re
from urllib.parse import quote, quote_plus

REDACTED = "<redacted>"
SHORTEST_SECRET = 8  # a shorter one stands in ordinary words too: neither hidden nor searched for


class Secrets:
    """The secrets of a run, in every form in which they could stand in a text."""

    def __init__(self) -> None:
        self.known: list[str] = []
        self._forms: set[str] = set()

    def add(self, secret: str) -> None:
        """Hide this secret from now on."""
        self.known.append(secret)
        self._forms |= forms(secret)

    def redacted(self, text: str) -> str:
        """Give the text without any known secret."""
        return self._pattern().sub(REDACTED, text) if self._forms else text

    def redacted_data(self, data: object) -> object:
        """Give JSON data without any known secret, in keys or values."""
        match data:
            case str():
                return self.redacted(data)
            case dict():
                return {self.redacted(key): self.redacted_data(value) for key, value in data.items()}
            case list():
                return [self.redacted_data(value) for value in data]
        return data

    def stand_in(self, text: str) -> bool:
        """Tell whether any known secret stands in the text."""
        return any(form in text for form in self._forms)

    def _pattern(self) -> re.Pattern[str]:
        longest_first = sorted(self._forms, key=len, reverse=True)
        return re.compile("|".join(map(re.escape, longest_first)))


def forms(secret: str) -> set[str]:
    """Give the secret as it is, as others write it, and inside of base64 at any offset."""
    escaped = {json.dumps(secret, ensure_ascii=flag)[1:-1] for flag in (True, False)}
    quoted = {quote(secret, safe=""), quote_plus(secret), html.escape(secret), secret.replace("$", "$$")}
    turned = {secret[::-1], secret.upper(), secret.encode().hex(), secret.encode().hex().upper(), _base32(secret)}
    return {secret} | escaped | quoted | turned | _base64_forms(secret.encode())


def _base32(secret: str) -> str:
    """Its first part: what is filled up at the end depends on what follows."""
    whole = len(secret.encode()) // 5 * 8
    return base64.b32encode(secret.encode()).decode()[: max(whole, 8)]


def _base64_forms(secret: bytes) -> set[str]:
    found = set()
    for offset in range(3):  # what stands before it shifts the alphabet by 0, 2 or 4 bits
        end = len(secret) + offset
        inside = slice(-(-offset * 8 // 6), end * 8 // 6)  # only characters made of the secret alone
        text = base64.b64encode(bytes(offset) + secret).decode()[inside]
        found |= {text, text.translate(str.maketrans("+/", "-_"))}
    return found
