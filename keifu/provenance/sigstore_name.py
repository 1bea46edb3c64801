"""A name of Sigstore behind an account: whether that identity has signed that the account is its own.

An author claims `sigstore:IDENTITY` in the registry and signs the binding, a file that names account and registry, with
Sigstore's own tool. Whoever checks it trusts a root of Sigstore and the issuer who signs this identity in, both by the
trust file. Nothing is fetched, and nothing that the signature's file says of either counts.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import msgspec

from keifu._files import read_bounded
from keifu.errors import CheckFailed, EnvironmentFault, InputError, UsageError
from keifu.provenance.statement import canonical
from keifu.provenance.trust import Sigstore, Trust
from keifu.provenance.verify import Finding

__all__ = ["LARGEST_ROOT", "binding", "check_binding"]

_PREFIX = "sigstore:"
BINDING_TYPE = "https://keifu.dev/identity/v1"
LARGEST = 1 << 20  # bytes of a signature's file
LARGEST_ROOT = 4 << 20


def binding(chain: int, registry: str, account: str, name: str) -> bytes:
    """What the identity signs. Raises UsageError when the name is none of Sigstore."""
    if not name.removeprefix(_PREFIX) or not name.startswith(_PREFIX):
        raise UsageError(f"{name or 'no name'} is no identity of Sigstore", remedy=f"{_PREFIX}author@example.org")
    said = {
        "type": BINDING_TYPE, "chain": chain, "registry": registry.lower(), "account": account.lower(), "name": name,
    }  # fmt: skip
    return canonical(said) + b"\n"


def check_binding(trust: Trust, account: str, name: str, path: Path) -> Finding:
    """Whether the signature in `path` is the identity's over the binding of `account`. Raises InputError when the file
    or the trusted root is none, UsageError when the trust file names no issuer for this identity, and EnvironmentFault
    without Sigstore's library."""
    signed = binding(trust.chain, trust.registry, account, name)
    identity = name.removeprefix(_PREFIX)
    trusted = trust.sigstore
    if isinstance(trusted, msgspec.UnsetType):
        raise UsageError("the trust file names no root of Sigstore", remedy="keifu trust init --sigstore-root FILE …")
    if (issuer := trusted.issuers.get(identity)) is None:
        raise UsageError(
            f"the trust file does not say who signs {identity} in",
            remedy=f"keifu trust init --sigstore-identity {identity}=https://… …",
        )
    try:
        _verify(signed, read_bounded(path, LARGEST, "a signature"), path, trusted, identity, issuer)
    except CheckFailed as error:
        return Finding("sigstore", False, f"{identity} is not shown to have signed for the account: {error}")
    return Finding("sigstore", True, f"{identity}, whom {issuer} signs in, has signed that the account is its own")


def _verify(signed: bytes, body: bytes, path: Path, trusted: Sigstore, identity: str, issuer: str) -> None:
    """Raises CheckFailed when it is not the identity's signature."""
    try:  # here: an extra, which takes longer to load than most commands take in all
        from sigstore.models import Bundle, TrustedRoot  # noqa: PLC0415
        from sigstore.verify import Verifier, policy  # noqa: PLC0415
    except ImportError as error:
        raise EnvironmentFault("Sigstore's library is not installed", remedy="pip install 'keifu[sigstore]'") from error
    found = hashlib.sha256(read_bounded(trusted.root, LARGEST_ROOT, "a trusted root")).hexdigest()
    if found != trusted.sha256:
        raise InputError(
            f"{trusted.root} has SHA-256 {found}, the trust file pins {trusted.sha256}",
            remedy="if you meant to trust the new one: keifu trust init --replace",
        )
    # The library raises errors of many packages for what is malformed; each of them means the same here.
    try:
        verifier = Verifier(trusted_root=TrustedRoot.from_file(trusted.root))
    except Exception as error:
        raise InputError(f"{trusted.root} is no trusted root of Sigstore: {_line(error)}") from error
    try:
        bundle = Bundle.from_json(body)
    except Exception as error:
        raise InputError(
            f"{path} is no signature of Sigstore: {_line(error)}", remedy="take the file that `sigstore sign` wrote"
        ) from error
    try:
        verifier.verify_artifact(signed, bundle, policy.Identity(identity=identity, issuer=issuer))
    except Exception as error:
        raise CheckFailed(_line(error)) from error


def _line(error: Exception) -> str:
    """The first line of what a library says, which may be a page."""
    return (str(error).splitlines() or [type(error).__name__])[0][:200]
