"""Signatures of OpenSSF's model signing (`model.sig`), kept as evidence beside a record, and verified again.

Such a file is a Sigstore bundle around an in-toto statement, which lists the files that were signed. A record commits
to it as to any statement of its author: the file's text stands in one. Whoever checks it brings the signer's public
key, or the root of the signer's certificate. A certificate has to have been valid when the record was registered: the
chain shows that the signature existed by then.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from cryptography.x509.verification import ExtensionPolicy, PolicyBuilder, Store, VerificationError

from keifu._files import read_bounded
from keifu.errors import CheckFailed, InputError
from keifu.provenance.manifest import Manifest
from keifu.provenance.registry import Entry
from keifu.provenance.statement import PREDICATES, canonical, statement
from keifu.provenance.verify import Finding

__all__ = ["check_signatures", "signature_statement"]

MEDIA_TYPE = "application/vnd.dev.sigstore.bundle.v0.3+json"
PAYLOAD_TYPE = "application/vnd.in-toto+json"
SIGNED_PREDICATE = "https://model_signing/signature/v1.0"
LARGEST = 8 << 20  # bytes: the signature of a model with 50,000 files
LARGEST_KEY = 1 << 20
HASHES: Mapping[str, hashes.HashAlgorithm] = {
    "secp256r1": hashes.SHA256(), "secp384r1": hashes.SHA384(), "secp521r1": hashes.SHA512(),
}  # fmt: skip


class _Signature(msgspec.Struct):
    sig: str


class _Envelope(msgspec.Struct, rename="camel"):
    payload: str
    payload_type: str
    signatures: list[_Signature]


class _Certificate(msgspec.Struct, rename="camel"):
    raw_bytes: str


class _Chain(msgspec.Struct):
    certificates: list[_Certificate]


class _PublicKey(msgspec.Struct):
    hint: str | None = None


class _Material(msgspec.Struct, rename={"chain": "x509CertificateChain", "key": "publicKey"}):
    chain: _Chain | None = None
    key: _PublicKey | None = None


class _Bundle(msgspec.Struct, rename="camel"):
    media_type: str
    verification_material: _Material
    dsse_envelope: _Envelope


class _Subject(msgspec.Struct):
    name: str
    digest: dict[str, str]


class _Resource(msgspec.Struct):
    name: str
    algorithm: str
    digest: str


class _Predicate(msgspec.Struct):
    resources: list[_Resource]


class _Statement(msgspec.Struct, rename={"kind": "predicateType"}):
    kind: str
    subject: list[_Subject]
    predicate: _Predicate


def signature_statement(path: Path, manifest: Manifest) -> bytes:
    """The statement that keeps a signature file beside the record of `manifest`. Raises InputError when the file is no
    such signature, CheckFailed when it is about other files."""
    body = read_bounded(path, LARGEST, "a signature")
    bundle = _bundle(body, str(path))
    said = _signed(bundle, str(path))
    if differs := _difference(said, manifest):
        raise CheckFailed(
            f"{path} signs other files: {differs}", remedy="sign the folder as it is, and register it then"
        )
    return canonical(statement(said.subject[0].name, manifest.digest, {"bundle": body.decode()}, "signature"))


def check_signatures(
    entry: Entry, manifest: Manifest | None, statements: Iterable[Mapping[str, Any]], signer: Path | None = None
) -> list[Finding]:
    """A finding for each signature that the record commits to. `signer`: the PEM file of a public key, or of the root
    certificates that are trusted; then one of them has to have signed. Raises InputError when it is neither."""
    trusted = _Signer(signer) if signer else None
    kept = [item for item in statements if item.get("predicateType") == PREDICATES["signature"]]
    found = [_checked(entry, manifest, item, trusted) for item in kept]
    if trusted and not found:
        return [Finding("signature", False, "none of OpenSSF's tool is kept beside the record, or it is not at hand")]
    return found


def _checked(entry: Entry, manifest: Manifest | None, kept: Mapping[str, Any], trusted: _Signer | None) -> Finding:
    try:
        bundle = _bundle(str(kept["predicate"]["bundle"]).encode(), "the signature")
        said = _signed(bundle, "the signature")
        if manifest is None:
            return Finding("signature", False, "cannot be compared: the manifest is not at hand")
        if differs := _difference(said, manifest):
            return Finding("signature", False, f"signs other files: {differs}")
        who = trusted.verify(bundle, entry.time) if trusted else f"{_named(bundle)}, not compared: you named no signer"
    except (InputError, CheckFailed, KeyError, TypeError) as error:
        return Finding("signature", False, str(error) or "the statement keeps no signature")
    return Finding("signature", True, f"of OpenSSF's tool over these files and names, {who}")


class _Signer:
    """Whose signature is believed: a key, or whoever has a certificate under these roots."""

    def __init__(self, path: Path) -> None:
        pem = read_bounded(path, LARGEST_KEY, "a key")
        try:
            self._roots = x509.load_pem_x509_certificates(pem) if b"CERTIFICATE" in pem else []
            self._key = None if self._roots else load_pem_public_key(pem)
        except ValueError as error:
            raise InputError(f"{path} is no public key and no certificate", remedy="give a file in PEM form") from error

    def verify(self, bundle: _Bundle, time: int) -> str:
        """Who signed, in words. Raises CheckFailed when it was none of those that are trusted."""
        chain = _certificates(bundle)
        key = self._certified(chain, time) if self._roots else self._key
        if not isinstance(key, ec.EllipticCurvePublicKey) or key.curve.name not in HASHES:
            raise CheckFailed("the signer's key is of no kind that the tool signs with")
        payload = _base64(bundle.dsse_envelope.payload)
        kind = bundle.dsse_envelope.payload_type.encode()
        framed = b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)
        try:
            key.verify(_base64(bundle.dsse_envelope.signatures[0].sig), framed, ec.ECDSA(HASHES[key.curve.name]))
        except InvalidSignature as error:
            raise CheckFailed("not signed by the key that you named") from error
        return f"by {_named(bundle)}, under a root that you named" if self._roots else "by the key that you named"

    def _certified(self, chain: Sequence[x509.Certificate], time: int) -> Any:
        """The key of the signer's certificate, which a root vouches for and which may sign, as of this time."""
        if not chain:
            raise CheckFailed("it was made with a key, you named root certificates")
        policy = PolicyBuilder().store(Store(self._roots)).time(datetime.fromtimestamp(time, UTC))
        policy = policy.extension_policies(
            ca_policy=ExtensionPolicy.webpki_defaults_ca(), ee_policy=ExtensionPolicy.permit_all()
        )
        try:
            policy.build_client_verifier().verify(chain[0], list(chain[1:]))
        except VerificationError as error:
            when = "when the record was registered"
            raise CheckFailed(f"no root that you named vouches for its certificate {when}: {error}") from error
        if not _may_sign(chain[0]):
            raise CheckFailed("its certificate is not for signatures")
        return chain[0].public_key()


def _may_sign(certificate: x509.Certificate) -> bool:
    try:
        if certificate.extensions.get_extension_for_class(x509.KeyUsage).value.digital_signature:
            return True
    except x509.ExtensionNotFound:
        pass
    try:
        usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return False
    return x509.oid.ExtendedKeyUsageOID.CODE_SIGNING in usage


def _bundle(body: bytes, where: str) -> _Bundle:
    try:
        found = msgspec.json.decode(body, type=_Bundle)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise InputError(f"{where} is no signature of OpenSSF's tool: {error}") from error
    if found.media_type != MEDIA_TYPE or len(found.dsse_envelope.signatures) != 1:
        raise InputError(f"{where} is no bundle of {MEDIA_TYPE} with one signature")
    return found


def _signed(bundle: _Bundle, where: str) -> _Statement:
    """What the signature is about, before anybody knows whose it is."""
    try:
        found = msgspec.json.decode(_base64(bundle.dsse_envelope.payload), type=_Statement)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise InputError(f"{where} signs no statement about a model: {error}") from error
    if bundle.dsse_envelope.payload_type != PAYLOAD_TYPE or found.kind != SIGNED_PREDICATE or len(found.subject) != 1:
        raise InputError(f"{where} signs something else than one model")
    return found


def _difference(said: _Statement, manifest: Manifest) -> str:
    """Which files are signed otherwise than they stand in the manifest; "" when none is."""
    theirs = {item.name: item.digest for item in said.predicate.resources if item.algorithm == "sha256"}
    ours = {file.name: file.digest.hex() for file in manifest.files}
    other = sorted(name for name in theirs.keys() | ours.keys() if theirs.get(name) != ours.get(name))
    if other or len(theirs) != len(said.predicate.resources):
        return ", ".join(other[:5]) or "files named twice"
    signed = said.subject[0].digest.get("sha256")
    return "" if signed == manifest.digest.hex() else f"their digest is {signed}"


def _named(bundle: _Bundle) -> str:
    chain = _certificates(bundle)
    if chain:
        return f"the certificate of {chain[0].subject.rfc4514_string()}"
    hint = bundle.verification_material.key.hint if bundle.verification_material.key else None
    return f"a key with the hint {hint[:16]}…" if hint else "a key without a hint"


def _certificates(bundle: _Bundle) -> list[x509.Certificate]:
    held = bundle.verification_material.chain
    try:
        return [x509.load_der_x509_certificate(_base64(item.raw_bytes)) for item in held.certificates] if held else []
    except ValueError as error:
        raise InputError("the signature holds a certificate that is none") from error


def _base64(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise InputError("the signature is not in base64") from error
