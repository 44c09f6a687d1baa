"""Secrets in texts of any kind: scripts, statements, settings of other programs, by what stands around them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from checks.subject.secret_names import names_a_secret

QUOTED = r"""(?:\\?"([^"\\\n]+)|'([^'\n]+)')"""
WORD = r"""(?:"([^"\n]+)"|'([^'\n]+)'|([^\s"'\\;|&)<>-][^\s"'\\;|&)<>]*))"""
PROGRAMS = (  # options and words by which a program takes a password, as its own help has them
    rf"\b(?:zip|unzip)\b[^\n;|&]*?\s-P\s*{WORD}",
    rf"\b7z\w*\s[^\n;|&]*?-p{WORD}",
    rf"\bopenssl\s+passwd\s+(?:-\S+\s+)*{WORD}",
    rf"\bopenssl\s[^\n;|&]*?\s-(?:k|K|passwd)\s+{WORD}",
    rf"\binflux\b[^\n;|&]*?\s(?:-t|--token)[ =]{WORD}",
    rf"\brabbitmqctl\b[^\n;|&]*?(?:add_user|change_password|authenticate_user)\s+\S+\s+{WORD}",
    rf"\bvault\s+login\s+(?:-\S+\s+)*(?:token=)?{WORD}",
    rf"\buser(?:add|mod)\b[^\n;|&]*?(?:-p|--password)[ =]{WORD}",
    rf"\bmosquitto_passwd\s+(?:-\S+\s+)*-b\s+\S+\s+\S+\s+{WORD}",
    rf"\bsnmp\w+\b[^\n;|&]*?\s-[AX]\s+{WORD}",
    rf"\brclone\s+obscure\s+{WORD}",
    rf"\bauth-pass\s+\S+\s+{WORD}",
    rf"\becho\s+(?:-\S+\s+)?{WORD}\s*\|[^\n]*(?:--stdin|--password-stdin|\bsudo\s+-\w*S|cryptsetup|\bkinit)\b",
    r"\b(?:smbclient|smbget|rpcclient|net)\b[^\n;|&]*?\s(?:-U|--user)[ =]?['\"]?[^\s%'\"]+%([^\s'\"]+)",
    r"\blftp\b[^\n;|&]*?\s(?:-u|--user)[ =]['\"]?[^\s,'\"]+,([^\s'\"]+)",
    r"\betcdctl\b[^\n;|&]*?\buser\s+add\s+[^\s:]+:([^\s'\"]+)",
    r"\b(?:sqlplus|expdp|impdp|rman)\b[^\n;|&]*?\b\w+/([^\s@/'\"]+)@",
    r"['\" ]\w[\w.-]*:([^\s:'\"|]+)(?:\\n)?['\"]?\s*\|\s*chpasswd\b",
)
STATEMENTS = (  # of SQL, of MongoDB's shell, of languages that settings are written in
    rf"(?i:\bPASSWORD\b)(?:\s+FOR\s+\S+)?\s*[=(]?\s*\(?\s*{QUOTED}",
    rf"(?i:\bIDENTIFIED\s+(?:WITH\s+\S+\s+)?(?:BY|AS)\s+){QUOTED}",
    rf"\b(?:pwd|passwd|password)\s*:\s*{QUOTED}",
    rf"\.auth\(\s*['\"][^'\"]*['\"]\s*,\s*{QUOTED}",
)
FILES = (  # of programs whose settings name no secret: ~/.netrc, ~/.pgpass, PgBouncer's users
    rf"\blogin\s+\S+\s+password\s+{WORD}",
    r"(?<![\w:/.-])[\w.*-]+:(?:\d{4,5}|\*):[^\s:/]+:[^\s:/]+:(?![\da-f]{1,4}\b)([^\s:'\"\\]+)",
    r"^\"[^\"\n]+\"\s+\"([^\"\n]+)\"\s*$",
)
ADDRESSES = (  # without a scheme, with a key in place of a login, in a header
    r"(?<![\w/])[\w.-]+:([^\s:@/'\"]+)@(?:tcp|unix)\(",
    r"(?<![\w/:.])[A-Za-z_]\w*/([^\s@/:'\"]+)@[\w.-]+:\d+",
    r"https?://([A-Za-z0-9_-]{16,})(?::@|@)",
    r"\bBasic\s+([A-Za-z0-9+/]{8,}={0,2})",
)
PATTERNS = [re.compile(one, re.MULTILINE) for one in (*PROGRAMS, *STATEMENTS, *FILES, *ADDRESSES)]
NAMED = (  # a name that may mean a secret, and what it is given
    re.compile(r"<(?P<name>[A-Za-z][\w.-]*)>\s*(?P<value>[^<>\s][^<>\n]*?)\s*</(?P=name)>"),
    re.compile(
        r"\bname[\"']?\s*[:=]\s*[\"']?(?P<name>[A-Za-z_][\w.-]*)[\"']?,?\s+[\"']?value[\"']?\s*[:=]\s*"
        r"[\"']?(?P<value>[^\s\"',}]+)"
    ),
    re.compile(r"['\"]?:?\b(?P<name>[A-Za-z_]\w*)['\"]?\s*(?:=>|,)\s*['\"](?P<value>[^'\"\n]+)['\"]"),
    re.compile(r"\$\{(?P<name>[A-Za-z_]\w*):?[=-](?P<value>[^}$\n]+)\}"),
    re.compile(r"--from-literal[= ]['\"]?(?P<name>[\w.-]+)=(?P<value>[^\s'\"]+)"),
)
LONGEST = 1 << 20


def in_other_texts(text: str) -> Iterator[tuple[str, str]]:
    """(what stands before it, secret) of each in a text."""
    text = text[:LONGEST]
    for pattern in PATTERNS:
        for found in pattern.finditer(text):
            value = next((group for group in found.groups() if group), "")
            if value:
                yield found[0].partition(value)[0], value
    for pattern in NAMED:
        for found in pattern.finditer(text):
            if names_a_secret(found["name"]):
                yield found[0].partition(found["value"])[0], found["value"]
