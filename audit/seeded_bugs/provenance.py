"""Bugs of ProvenanceRegistry and Environments."""

from __future__ import annotations

from functools import partial

from evmstorm.mutation.seeded_bugs import Bug

__all__ = ["BUGS"]

REGISTRY, ENVIRONMENTS = "registry/ProvenanceRegistry.vy", "registry/Environments.vy"
ATTESTATIONS = "lib/attestations.vy"


# Modules that ProvenanceRegistry carries.
_module_bug = partial(Bug, contracts=("ProvenanceRegistry",))

BUGS = [
    Bug("anyone is the author", REGISTRY, '    assert _record.author == msg.sender, "registry: not the author"\n', ""),
    Bug("signature counts twice", REGISTRY, "    self.nonces[_signer] = nonce + 1\n", ""),
    Bug("signature one second late", REGISTRY, "block.timestamp <= _deadline", "block.timestamp <= _deadline + 1"),
    Bug(
        "parents unchecked",
        REGISTRY,
        '        assert self._records[link.parent] != 0, "registry: unknown parent"\n',
        "",
    ),
    Bug(
        "status falls",
        REGISTRY,
        "convert(_status, uint256) > word >> STATUS_AT",
        "convert(_status, uint256) >= word >> STATUS_AT",
    ),
    Bug(
        "anyone withdraws",
        REGISTRY,
        '    assert word & U160 == convert(msg.sender, uint256), "registry: not the record\'s author"\n',
        "",
    ),
    _module_bug(
        "irrevocable attestation replaced",
        ATTESTATIONS,
        "assert (word >> REVOCABLE_AT) & 1 == 1 or not self._stands(word)",
        "assert (word >> REVOCABLE_AT) & 1 == 1 or self._stands(word)",
    ),
    _module_bug(
        "expiry one second late",
        ATTESTATIONS,
        "(expiry == 0 or expiry > block.timestamp)",
        "(expiry == 0 or expiry >= block.timestamp)",
    ),
    _module_bug(
        "edition not counted", ATTESTATIONS, "((word >> EDITION_AT) & U32) + 1", "((word >> EDITION_AT) & U32) + 2"
    ),
    Bug(
        "inactive artefact promoted",
        ENVIRONMENTS,
        '    assert staticcall registry.status_of(_artefact) == ACTIVE, "environments: artefact is not active"\n',
        "",
    ),
    Bug("new policy counts at once", ENVIRONMENTS, "block.timestamp + NOTICE, _policy", "block.timestamp, _policy"),
    Bug("history off by one block", ENVIRONMENTS, "& BLOCK_MASK <= _block", "& BLOCK_MASK < _block"),
    Bug("event names another promotion", ENVIRONMENTS, "seq=seq, to_seq=_seq", "seq=_seq, to_seq=_seq"),
]
