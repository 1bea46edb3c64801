"""A Sigstore of the tests' own: an authority that certifies identities, a log of certificates, a log of signatures.

world = SigstoreWorld()
world.save_root(path)                                    # what a verifier trusts
bundle = world.sign(b"content", "author@example.org")    # what `sigstore sign` would write
"""

from __future__ import annotations

import base64
import hashlib
import json
import struct
from datetime import UTC, datetime, timedelta
from functools import cached_property

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

__all__ = ["ISSUER", "SigstoreWorld"]

ISSUER = "https://accounts.example.org"
OF_ISSUER = x509.ObjectIdentifier("1.3.6.1.4.1.57264.1.1")
OF_CERTIFICATE_LOG = x509.ObjectIdentifier("1.3.6.1.4.1.11129.2.4.2")
SIGNED_AT = datetime(2026, 11, 1, tzinfo=UTC)
LOG = "log.example.org"


class SigstoreWorld:
    def __init__(self):
        self.authority, self.certificate_log, self.signature_log = (
            ec.generate_private_key(ec.SECP256R1()) for _ in range(3)
        )

    @cached_property
    def authority_certificate(self):
        return (
            _certificate("authority", self.authority.public_key(), "authority", timedelta(days=3_650))
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(certificates=True), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(self.authority.public_key()), critical=False)
            .sign(self.authority, hashes.SHA256())
        )

    @property
    def root(self):
        """As `trusted_root.json` has it."""
        valid = {"start": _instant(SIGNED_AT - timedelta(days=30))}

        def log(key):
            public = {"rawBytes": _base64(_public(key)), "keyDetails": "PKIX_ECDSA_P256_SHA_256", "validFor": valid}
            return {
                "baseUrl": "https://log.example.org",
                "hashAlgorithm": "SHA2_256",
                "publicKey": public,
                "logId": {"keyId": _base64(_key_id(key))},
            }

        certificate = self.authority_certificate.public_bytes(serialization.Encoding.DER)
        return {
            "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
            "tlogs": [log(self.signature_log)],
            "ctlogs": [log(self.certificate_log)],
            "certificateAuthorities": [
                {
                    "subject": {"organization": "tests", "commonName": "authority"},
                    "uri": "https://authority.example.org",
                    "certChain": {"certificates": [{"rawBytes": _base64(certificate)}]},
                    "validFor": valid,
                }
            ],
            "timestampAuthorities": [],
        }

    def save_root(self, path):
        """Write it; the SHA-256 of the file."""
        path.write_text(json.dumps(self.root))
        return hashlib.sha256(path.read_bytes()).hexdigest()

    def sign(self, content, identity, issuer=ISSUER):
        """The bundle of a signature over `content`, as JSON."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = self._certified(key.public_key(), identity, issuer)
        signature = key.sign(content, ec.ECDSA(hashes.SHA256()))
        digest = hashlib.sha256(content)
        pem = certificate.public_bytes(serialization.Encoding.PEM)
        body = {
            "apiVersion": "0.0.1",
            "kind": "hashedrekord",
            "spec": {
                "data": {"hash": {"algorithm": "sha256", "value": digest.hexdigest()}},
                "signature": {"content": _base64(signature), "publicKey": {"content": _base64(pem)}},
            },
        }
        der = certificate.public_bytes(serialization.Encoding.DER)
        return json.dumps(
            {
                "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
                "verificationMaterial": {
                    "certificate": {"rawBytes": _base64(der)},
                    "tlogEntries": [self._entry(_canonical(body))],
                },
                "messageSignature": {
                    "messageDigest": {"algorithm": "SHA2_256", "digest": _base64(digest.digest())},
                    "signature": _base64(signature),
                },
            }
        ).encode()

    def _certified(self, key, identity, issuer):
        """The certificate of a key, which the log of certificates has seen."""
        builder = (
            _certificate("", key, "authority", timedelta(minutes=10))
            .add_extension(_usage(signatures=True), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING]), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self.authority.public_key()), critical=False
            )
            .add_extension(x509.SubjectAlternativeName([x509.RFC822Name(identity)]), critical=True)
            .add_extension(x509.UnrecognizedExtension(OF_ISSUER, issuer.encode()), critical=False)
        )
        seen = builder.sign(self.authority, hashes.SHA256()).tbs_certificate_bytes
        time, of_issuer = int(SIGNED_AT.timestamp() * 1_000), _key_id(self.authority)
        head = struct.pack("!BBQH", 0, 0, time, 1) + of_issuer + len(seen).to_bytes(3, "big")
        signature = self.certificate_log.sign(head + seen + bytes(2), ec.ECDSA(hashes.SHA256()))
        stamp = struct.pack("!B32sQHBBH", 0, _key_id(self.certificate_log), time, 0, 4, 3, len(signature)) + signature
        listed = struct.pack("!HH", len(stamp) + 2, len(stamp)) + stamp
        octets = b"\x04" + (bytes([len(listed)]) if len(listed) < 128 else bytes([0x81, len(listed)])) + listed
        return builder.add_extension(x509.UnrecognizedExtension(OF_CERTIFICATE_LOG, octets), critical=False).sign(
            self.authority, hashes.SHA256()
        )

    def _entry(self, body):
        """The only entry of the log of signatures, with proof, signed tree head and promise."""
        root, log_id = hashlib.sha256(b"\x00" + body).digest(), _key_id(self.signature_log)
        note = f"{LOG} - 1\n1\n{_base64(root)}\n"
        signed = _base64(log_id[:4] + self._logged(note.encode()))
        time = int(SIGNED_AT.timestamp())
        promise = {"body": _base64(body), "integratedTime": time, "logID": log_id.hex(), "logIndex": 0}
        return {
            "logIndex": "0",
            "logId": {"keyId": _base64(log_id)},
            "kindVersion": {"kind": "hashedrekord", "version": "0.0.1"},
            "integratedTime": str(time),
            "inclusionPromise": {"signedEntryTimestamp": _base64(self._logged(_canonical(promise)))},
            "inclusionProof": {
                "logIndex": "0",
                "rootHash": _base64(root),
                "treeSize": "1",
                "hashes": [],
                "checkpoint": {"envelope": f"{note}\n— {LOG} {signed}\n"},
            },
            "canonicalizedBody": _base64(body),
        }

    def _logged(self, content):
        return self.signature_log.sign(content, ec.ECDSA(hashes.SHA256()))


def _certificate(name, key, issuer, valid):
    named = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)] if name else [])
    return (
        x509.CertificateBuilder()
        .subject_name(named)
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(SIGNED_AT - timedelta(minutes=1))
        .not_valid_after(SIGNED_AT + valid)
    )


def _usage(*, signatures=False, certificates=False):
    return x509.KeyUsage(signatures, False, False, False, False, certificates, certificates, False, False)


def _public(key):
    return key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def _key_id(key):
    return hashlib.sha256(_public(key)).digest()


def _canonical(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def _base64(content):
    return base64.b64encode(content).decode()


def _instant(moment):
    return moment.isoformat().replace("+00:00", "Z")
