"""The identity behind an account: who acts for it, since when its key is closed, and which name it may use."""

from __future__ import annotations

from pathlib import Path

import msgspec

from keifu._files import read_bounded
from keifu.errors import InputError
from keifu.keys import keccak256
from keifu.provenance._layout import Words, name_slot
from keifu.provenance.facts import accounts_of, closed_at
from keifu.provenance.proved import Proved
from keifu.provenance.sigstore_name import check_binding
from keifu.provenance.verify import Finding, check_block

__all__ = ["check_identity"]

LARGEST_FILE = 1 << 20


class _Method(msgspec.Struct):
    blockchainAccountId: str = ""  # noqa: N815 - as the standard spells it


class _Document(msgspec.Struct):
    id: str
    verificationMethod: list[_Method] = []  # noqa: N815 - as the standard spells it


def check_identity(
    proved: Proved, account: str, name: str = "", did: Path | None = None, sigstore: Path | None = None
) -> list[Finding]:
    """Findings about an account; those about a name only when one is asked for."""
    registry = proved.source.registry.address

    def facts(words: Words) -> tuple[list[str], int, int]:
        (hashed,) = words.words(registry, [name_slot(account)])
        chain = accounts_of(words, registry, account)
        for item in chain:
            closed_at(words, registry, item)
        return chain, closed_at(words, registry, chain[-1]), hashed

    chain, closed, hashed = facts(proved.prove(facts))
    followed = " → ".join(chain)
    good = f"{followed} acts" if len(chain) > 1 else "its own key is in use"
    findings = [
        check_block(proved.block),
        Finding(
            "key", not closed, f"{followed}: closed in second {closed}, and nobody acts for it" if closed else good
        ),
    ]
    if name:
        claimed = hashed == int.from_bytes(keccak256(name.encode()), "big")
        checked = "" if did or sigstore else ": claimed, not checked (--did or --sigstore checks it)"
        said = f"the account claims {name}{checked}" if claimed else f"the account does not claim {name}"
        findings.append(Finding("name", claimed, said))
    if did is not None:
        findings.append(_check_document(did, name, proved.trust.chain, account))
    if sigstore is not None:
        findings.append(check_binding(proved.trust, account, name, sigstore))
    return findings


def _check_document(path: Path, name: str, chain: int, account: str) -> Finding:
    """Whether a DID document is the name's and lists the account, as CAIP-10 writes it."""
    if not name:
        raise InputError("whose document is it?", remedy="--name did:web:…")
    try:
        document = msgspec.json.decode(read_bounded(path, LARGEST_FILE, "a DID document"), type=_Document)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path} is no DID document: {error}") from error
    if document.id != name:
        return Finding("document", False, f"it is about {document.id}, not {name}")
    listed = {method.blockchainAccountId.lower() for method in document.verificationMethod}
    right = f"eip155:{chain}:{account.lower()}" in listed
    return Finding("document", right, f"{name} {'lists' if right else 'does not list'} the account on chain {chain}")
