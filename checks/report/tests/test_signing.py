"""A signed statement, and what `verify` says of one that was changed."""

import base64
import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from checks.core.evidence import Evidence, Folder, seal
from checks.core.tests.sample_run import KEEPS, KEPT, LOST, outcome
from checks.report.__main__ import main
from checks.report.formats import ENVELOPE
from checks.report.signing import PAYLOAD_TYPE

PKCS8, SPKI = PrivateFormat.PKCS8, PublicFormat.SubjectPublicKeyInfo


def keys(folder: Path, name: str = "key") -> tuple[Path, Path]:
    key = Ed25519PrivateKey.generate()
    private, public = folder / f"{name}.pem", folder / f"{name}.pub"
    private.write_bytes(key.private_bytes(Encoding.PEM, PKCS8, NoEncryption()))
    public.write_bytes(key.public_key().public_bytes(Encoding.PEM, SPKI))
    return private, public


def run_of(base: Path, seen: object) -> Path:
    folder = Folder.begin(base)
    folder.plan([KEEPS])
    Evidence(folder, KEEPS).saw(seen)
    folder.conclude(outcome(KEEPS))
    folder.end()
    return folder.path


def signed_run(base: Path) -> tuple[Path, Path]:
    private, public = keys(base)
    folder = run_of(base / "evidence", KEPT)
    assert main([str(folder), "--sign", str(private)]) == 0
    return folder, public


def test_what_was_signed_is_verified(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder, public = signed_run(tmp_path)
    assert main(["verify", str(folder), "--key", str(public)]) == 0
    assert "judged again to the same: proven" in capsys.readouterr().out


def test_signing_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    folder, _ = signed_run(tmp_path)
    first = (folder / ENVELOPE).read_bytes()
    main([str(folder), "--sign", str(tmp_path / "key.pem")])
    assert (folder / ENVELOPE).read_bytes() == first


def test_the_signature_is_over_dsses_own_encoding(tmp_path: Path) -> None:
    folder, _ = signed_run(tmp_path)
    envelope = json.loads((folder / ENVELOPE).read_text())
    payload = base64.b64decode(envelope["payload"])
    told = f"DSSEv1 {len(PAYLOAD_TYPE)} {PAYLOAD_TYPE} {len(payload)} ".encode() + payload
    key = load_pem_private_key((tmp_path / "key.pem").read_bytes(), None)
    assert isinstance(key, Ed25519PrivateKey)
    key.public_key().verify(base64.b64decode(envelope["signatures"][0]["sig"]), told)


def test_another_key_verifies_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder, _ = signed_run(tmp_path)
    _, other = keys(tmp_path, "other")
    assert main(["verify", str(folder), "--key", str(other)]) == 1
    assert "not verified" in capsys.readouterr().err


def test_a_changed_payload_is_noticed(tmp_path: Path) -> None:
    folder, public = signed_run(tmp_path)
    envelope = json.loads((folder / ENVELOPE).read_text())
    statement = base64.b64decode(envelope["payload"]).replace(b"PASSED", b"FAILED")
    envelope["payload"] = base64.b64encode(statement).decode()
    (folder / ENVELOPE).write_text(json.dumps(envelope))
    assert main(["verify", str(folder), "--key", str(public)]) == 1


def test_changed_evidence_is_noticed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder, public = signed_run(tmp_path)
    observations = folder / "observations.jsonl"
    observations.write_text(observations.read_text().replace('"two"', '"ten"'))
    seal(folder)  # even by somebody who lists the digests anew
    assert main(["verify", str(folder), "--key", str(public)]) == 1
    assert "does not say what was signed" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"payloadType": "text/plain"}', "\x00"])
def test_no_envelope_is_not_verified(tmp_path: Path, text: str) -> None:
    folder, public = signed_run(tmp_path)
    (folder / ENVELOPE).write_text(text)
    assert main(["verify", str(folder), "--key", str(public)]) == 1


def test_a_key_that_is_none_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = run_of(tmp_path, LOST)
    wrong = tmp_path / "ec.pem"
    key = generate_private_key(SECP256R1())
    wrong.write_bytes(key.private_bytes(Encoding.PEM, PKCS8, NoEncryption()))
    assert main([str(folder), "--sign", str(wrong)]) == 3
    assert main([str(folder), "--sign", str(tmp_path / "nowhere")]) == 3
    assert not (folder / "report.json").exists()
    assert main(["verify", str(folder), "--key", str(wrong)]) == 3
    assert "no Ed25519 key" in capsys.readouterr().err
