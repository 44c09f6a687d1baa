"""Image references by the grammar that Docker reads them by, and the one rule of when a reference names a version.

The grammar is that of github.com/distribution/reference (its regexp.go); what it does not match, Docker refuses.

The rule: a reference is pinned by a digest, or by a tag that names a version *of the program in it*:

- a number that the tag begins with (`8.0-alpine`, `v1.4.2`, `16`), or that stands for itself in it (`myapp-1.4.2`);
- a date or a commit, behind whatever word (`nightly-2024-01-01`, `main-c054f3d`): they name one build;
- the name of a release, where the repository is that distribution or runtime (`debian:trixie-slim`, `node:jod`).

No version is a word that moves (`latest`, `lts`, `stable`), nor the number of something else: an architecture
(`latest-arm64v8`), a distribution or runtime below the program (`redis:alpine3.20`, `maven:eclipse-temurin-17`). The
program then goes on to whatever is newest. A tag can be moved, even `8.0.1`; that is why a digest is better still.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_HOST = r"(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])"
_DOMAIN = rf"(?:{_HOST}(?:\.{_HOST})*|\[[a-fA-F0-9:]+\])(?::[0-9]+)?"
_PART = r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
_DIGEST = r"[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}"
REFERENCE = re.compile(
    rf"(?P<name>(?:{_DOMAIN}/)?(?P<path>{_PART}(?:/{_PART})*))(?::(?P<tag>\w[\w.-]{{0,127}}))?(?:@(?P<digest>{_DIGEST}))?",
    re.ASCII,
)
LONGEST_PATH = 255
DIGITS = {"sha256": 64, "sha384": 96, "sha512": 128}  # of a digest, as github.com/opencontainers/go-digest has them


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


DEBIAN = _words("buster bullseye bookworm trixie forky duke")
UBUNTU = _words("xenial bionic focal jammy noble oracular plucky questing resolute")
CENTOS = _words("stream8 stream9 stream10")
WINDOWS = _words("ltsc2016 ltsc2019 ltsc2022 ltsc2025")
NODE = _words("argon boron carbon dubnium erbium fermium gallium hydrogen iron jod krypton")
RELEASES = {  # by the last part of the repository's name
    "debian": DEBIAN,
    "minideb": DEBIAN,
    "ubuntu": UBUNTU,
    "centos": CENTOS,
    "buildpack-deps": DEBIAN | UBUNTU,
    "node": NODE,
    "ros": _words("noetic humble jazzy kilted"),
    **dict.fromkeys(("windows", "server", "servercore", "nanoserver"), WINDOWS),
}
MOVING = _words(
    "latest stable lts current edge mainline rolling testing unstable oldstable next canary nightly innovation"
)
OF_OTHERS = _words(  # what a program is shipped on, built with or built for: a number behind it is not the program's
    "alpine debian ubuntu fedora centos rocky rockylinux alma almalinux ubi rhel el ol oracle oraclelinux amazonlinux "
    "photon wolfi azurelinux mariner leap bci windows windowsservercore nanoserver servercore java jdk jre openjdk "
    "temurin corretto zulu graalvm semeru python py cp pypy node nodejs php ruby perl go golang dotnet aspnet net rust "
    "scala otp erlang cuda cudnn cu rocm glibc musl gcc llvm clang spark hadoop pg postgres postgresql postgis k8s "
    "linux pr mr issue branch feature"
) | (DEBIAN | UBUNTU)
NUMBERED_AS = {  # a number of another form, behind one of these, is the program's: `alpine-1.44.4`
    "alpine": r"3(\.\d+)*|edge",
    "debian": r"\d{1,2}(\.\d+)?",
    "ubuntu": r"\d\d(\.(04|10)(\.\d+)?)?",
}
OWN_NUMBER = _words("v ver version r rev rel release b build rc beta alpha ce ee")
ARCHITECTURE = re.compile(
    r"(?<![a-z0-9])(?:(?:linux|windows|darwin)[-_]?)?"
    r"(?:amd64(?:[-_]?v[1-4])?|x86[-_]64|x64|i[3-6]86|386|arm64(?:[-_]?v\d)?|aarch64|arm(?:32|hf|el)?(?:[-_]?v?[5-8])?"
    r"|ppc64(?:le|el)?|s390x?|riscv64|mips(?:64)?(?:le|el)?|loong(?:64|arch64))(?![a-z0-9.])"
)
DATE = re.compile(r"(?<!\d)20\d\d([-._]?)(?:0[1-9]|1[0-2])\1(?:0[1-9]|[12]\d|3[01])(?!\d)")
COMMIT = re.compile(r"(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{7,64}")
PIECE = re.compile(r"(?P<word>[a-z]*)(?P<number>\d+(?:\.\d+)*)?(?P<more>.*)")


@dataclass(frozen=True, kw_only=True)
class Reference:
    """The parts of a reference; a part that is not there is ''."""

    name: str
    path: str
    tag: str
    digest: str


def parse(text: str) -> Reference | None:
    """None for a text that Docker takes for no reference."""
    found = REFERENCE.fullmatch(text)
    if found is None or len(found["path"]) > LONGEST_PATH or not _has_its_digits(found["digest"] or ""):
        return None
    return Reference(**{part: value or "" for part, value in found.groupdict().items()})


def is_pinned(text: str) -> bool:
    """Whether an image reference names a version of the program in it, or a digest: see above."""
    reference = parse(text)
    return reference is not None and (bool(reference.digest) or _names_a_version(reference))


def _has_its_digits(digest: str) -> bool:
    algorithm, _, digits = digest.partition(":")
    return not digest or (len(digits) == DIGITS.get(algorithm) and digits == digits.lower())


def _names_a_version(reference: Reference) -> bool:
    program = reference.path.rpartition("/")[2]
    tag = ARCHITECTURE.sub("", reference.tag.lower()).strip("-_.")
    return bool(DATE.search(tag)) or any(_versions(re.split(r"[-_]", tag), program))


def _versions(pieces: list[str], program: str) -> Iterator[bool]:
    """Of each piece of a tag whether it names a version; a number for itself belongs to the word before it."""
    before = ""
    for piece in pieces:
        yield bool(COMMIT.fullmatch(piece)) or piece in RELEASES.get(program, ())
        told = PIECE.match(piece)
        word, number = (told["word"], told["number"] or "") if told else ("", "")
        if number:
            yield _is_its_own(word, number, before, program)
        before = word or before


def _is_its_own(word: str, number: str, before: str, program: str) -> bool:
    """Whether a number is the program's: `word` is glued to it, `before` the last word that stands in front."""
    if word:
        return word in OWN_NUMBER or word in re.split(r"[-_.]", program)
    if before in MOVING:
        return "." in number
    if not re.fullmatch(NUMBERED_AS.get(before, ".*"), number):
        return True
    return before not in OF_OTHERS or before in re.split(r"[-_.]", program)
