"""Signatures of the real OpenSSF tool, with a key and with a certificate, kept beside a record and verified again."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from keifu.errors import CheckFailed, InputError
from keifu.provenance import Kind, Record, Status
from keifu.provenance.digest import digest_path
from keifu.provenance.manifest import Manifest
from keifu.provenance.registry import Entry
from keifu.provenance.signature import check_signatures, signature_statement
from keifu.provenance.statement import read_statement
from tests.unit.provenance.test_digest import write

NOW = datetime(2026, 11, 26, tzinfo=UTC)
FILES = {"weights.bin": b"weights", "sub/config.json": b"{}"}
# The tool signs a folder for each job, and verifies its own signature.
OPENSSF = """
import json, pathlib, sys
from model_signing import signing, verifying
for job in json.load(sys.stdin):
    folder, out = pathlib.Path(job["folder"]), pathlib.Path(job["out"])
    if job["certificate"]:
        config = signing.Config().use_certificate_signer(
            private_key=job["key"], signing_certificate=job["certificate"], certificate_chain=job["chain"])
        check = verifying.Config().use_certificate_verifier(certificate_chain=[job["trusted"]])
    else:
        config = signing.Config().use_elliptic_key_signer(private_key=job["key"])
        check = verifying.Config().use_elliptic_key_verifier(public_key=job["trusted"])
    config.sign(folder, out)
    check.verify(folder, out)
"""


class Signer(NamedTuple):
    """A key's files, and the PEM file that whoever trusts it holds."""

    key: str
    certificate: str
    chain: list[str]
    trusted: str


def pem(path, content):
    path.write_bytes(content)
    return str(path)


def private(key):
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )


def public(key):
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(serialization.Encoding.PEM, form)


def keyed(folder, name="key", curve=None):
    key = ec.generate_private_key(curve or ec.SECP256R1())
    return Signer(pem(folder / name, private(key)), "", [], pem(folder / f"{name}.pub", public(key)))


def certificate(subject, key, issuer, issuer_key, extensions, days=365):
    made = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - timedelta(days=1))
        .not_valid_after(NOW + timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
    )
    for extension, critical in extensions:
        made = made.add_extension(extension, critical)
    return made.sign(issuer_key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def usage(**said):
    names = (
        "digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
        "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
    )  # fmt: skip
    return x509.KeyUsage(**{name: said.get(name, False) for name in names}), True


AUTHORITY = ((x509.BasicConstraints(True, None), True), usage(key_cert_sign=True, crl_sign=True))
MAY_SIGN = (usage(digital_signature=True), (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING]), False))


def certified(folder, name="signer", leaf=MAY_SIGN, middle_may=AUTHORITY):
    """A root, an authority under it, and the signer's certificate under that."""
    root, middle, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(3))
    first = certificate(f"root of {name}", root, f"root of {name}", root, AUTHORITY)
    second = certificate("authority", middle, f"root of {name}", root, middle_may)
    third = certificate("builder", key, "authority", middle, leaf, days=30)
    return Signer(
        pem(folder / name, private(key)),
        pem(folder / f"{name}.crt", third),
        [pem(folder / f"{name}.chain", second)],
        pem(folder / f"{name}.root", first),
    )


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The folder; a signature of it by each kind of signer, made by the real tool, with what to trust; strangers."""
    folder = tmp_path_factory.mktemp("signed")
    model = write(folder / "model", FILES)
    signers = {
        "key": keyed(folder),
        "P-384": keyed(folder, "p384", ec.SECP384R1()),
        "P-521": keyed(folder, "p521", ec.SECP521R1()),
        "certificate": certified(folder),
    }
    jobs = [{"folder": str(model), "out": str(folder / f"{n}.sig"), **s._asdict()} for n, s in signers.items()]
    run = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", OPENSSF],
        input=json.dumps(jobs), check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    strangers = [keyed(folder, "stranger").trusted, certified(folder, "other").trusted]
    return model, {name: (folder / f"{name}.sig", Path(s.trusted)) for name, s in signers.items()}, strangers


def entry_of(manifest, time=NOW):
    record = Record("0x" + "11" * 20, Kind.MODEL, manifest.digest, manifest=manifest.hash)
    return Entry(b"\x01" * 32, record, Status.ACTIVE, int(time.timestamp()))


def kept(model, signature):
    """The record's manifest and what it keeps."""
    plain = Manifest.of(digest_path(model))
    body = signature_statement(signature, plain)
    return Manifest.of(digest_path(model), [body]), [read_statement(body, plain.digest)]


def verdict(manifest, statements, signer=None, time=NOW):
    (found,) = check_signatures(entry_of(manifest, time), manifest, statements, Path(signer) if signer else None)
    assert found.check == "signature"
    return found.ok, found.detail


@pytest.mark.parametrize("name", ["key", "P-384", "P-521", "certificate"])
def test_a_signature_of_the_real_tool_is_kept_and_verified(made, name):
    model, signatures, strangers = made
    path, trusted = signatures[name]
    manifest, statements = kept(model, path)
    good, said = verdict(manifest, statements, trusted)
    assert good, said
    assert ("under a root that you named" in said) == (name == "certificate")
    assert [verdict(manifest, statements, stranger)[0] for stranger in strangers] == [False, False]
    good, said = verdict(manifest, statements)
    assert (good, "not compared: you named no signer" in said) == (True, True)
    assert statements[0]["predicate"]["bundle"] == path.read_text()


def test_a_certificate_counts_while_it_is_valid(made):
    """The chain says when the record was registered: by then the signature was there."""
    model, signatures, _ = made
    path, trusted = signatures["certificate"]
    manifest, statements = kept(model, path)
    for days, good in ((29, True), (31, False), (-2, False)):
        assert verdict(manifest, statements, trusted, NOW + timedelta(days=days))[0] == good


def test_a_certificate_of_another_use_or_by_no_authority_does_not_sign(made, tmp_path):
    """The chain of a server's certificate, and one by a signer who is no authority, stand in for the right one."""
    model, signatures, _ = made
    path, _ = signatures["certificate"]
    for name, signer, words in (
        ("server", certified(tmp_path, "server", [usage(key_agreement=True)]), "is not for signatures"),
        ("leaf", certified(tmp_path, "leaf", MAY_SIGN, MAY_SIGN), "no root that you named vouches"),
    ):
        manifest, statements = kept(model, path)
        document = json.loads(path.read_text())
        held = [x509.load_pem_x509_certificate(Path(item).read_bytes()) for item in (signer.certificate, *signer.chain)]
        document["verificationMaterial"]["x509CertificateChain"]["certificates"] = [
            {"rawBytes": base64.b64encode(item.public_bytes(serialization.Encoding.DER)).decode()} for item in held
        ]
        statements[0]["predicate"]["bundle"] = json.dumps(document)
        good, said = verdict(manifest, statements, signer.trusted)
        assert (good, words in said) == (False, True), (name, said)


@pytest.mark.parametrize("name", ["key", "certificate"])
@pytest.mark.parametrize(
    ("at", "value"),
    [
        (("dsseEnvelope", "payload"), base64.b64encode(b"{}").decode()),
        (("dsseEnvelope", "payload"), base64.b64encode(b"[" * 200_000).decode()),
        (("dsseEnvelope", "payload"), "no base64!"),
        (("dsseEnvelope", "payloadType"), "text/plain"),
        (("dsseEnvelope", "signatures"), []),
        (("dsseEnvelope", "signatures"), [{"sig": "MEUCIQ=="}]),
        (("dsseEnvelope", "signatures"), [{"sig": "AAAA"}]),
        (("mediaType",), "application/json"),
        (("verificationMaterial",), {"x509CertificateChain": {"certificates": [{"rawBytes": "AAAA"}]}}),
        (("verificationMaterial",), 1),
    ],
    ids=str,
)  # fmt: skip
def test_a_changed_signature_is_refused(made, name, at, value):
    model, signatures, _ = made
    path, trusted = signatures[name]
    manifest, statements = kept(model, path)
    document = json.loads(path.read_text())
    place = document
    for key in at[:-1]:
        place = place[key]
    place[at[-1]] = value
    statements[0]["predicate"]["bundle"] = json.dumps(document)
    assert not verdict(manifest, statements, trusted)[0]


def test_a_certificate_that_was_cut_out_is_missed(made):
    model, signatures, _ = made
    path, trusted = signatures["certificate"]
    manifest, statements = kept(model, path)
    document = json.loads(path.read_text()) | {"verificationMaterial": {}}
    statements[0]["predicate"]["bundle"] = json.dumps(document)
    good, said = verdict(manifest, statements, trusted)
    assert (good, "made with a key, you named root certificates" in said) == (False, True)


def test_a_signature_of_other_files_is_not_kept(made, tmp_path):
    model, signatures, _ = made
    path, trusted = signatures["key"]
    for changed in ({"weights.bin": b"other"}, {"more": b"x"}):
        other = write(tmp_path / next(iter(changed)), {**FILES, **changed})
        with pytest.raises(CheckFailed, match=f"signs other files: {next(iter(changed))}"):
            signature_statement(path, Manifest.of(digest_path(other)))
    manifest, statements = kept(model, path)
    good, said = verdict(replace(manifest, files=manifest.files[:1]), statements, trusted)
    assert (good, "signs other files: weights.bin" in said) == (False, True)


def test_names_are_signed_too(made, tmp_path):
    """The same bytes under other names have the same digest."""
    _, signatures, _ = made
    renamed = write(tmp_path / "model", {"weights.bin.old": b"weights", "sub/config.json": b"{}"})
    with pytest.raises(CheckFailed, match=r"signs other files: weights\.bin"):
        signature_statement(signatures["key"][0], Manifest.of(digest_path(renamed)))


@pytest.mark.parametrize("text", ["", "{}", "[]", "[" * 100_000, "\x00", '{"mediaType": 1}'])
def test_what_is_no_signature_is_named(made, tmp_path, text):
    model, _, _ = made
    (tmp_path / "model.sig").write_text(text)
    with pytest.raises(InputError, match=r"model\.sig is no signature of OpenSSF's tool"):
        signature_statement(tmp_path / "model.sig", Manifest.of(digest_path(model)))


def test_what_is_no_signer_is_named_and_a_missing_signature_is_a_finding(made, tmp_path):
    model, _, _ = made
    manifest = Manifest.of(digest_path(model))
    for text in (b"", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", b"ssh-ed25519 AAAA"):
        (tmp_path / "signer.pem").write_bytes(text)
        with pytest.raises(InputError, match="is no public key and no certificate"):
            check_signatures(entry_of(manifest), manifest, [], tmp_path / "signer.pem")
    good, said = verdict(manifest, [], keyed(tmp_path).trusted)
    assert (good, "none of OpenSSF's tool is kept" in said) == (False, True)
