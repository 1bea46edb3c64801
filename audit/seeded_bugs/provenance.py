"""Bugs of ProvenanceRegistry and Environments."""

from __future__ import annotations

from functools import partial

from evmstorm.mutation.seeded_bugs import Bug

__all__ = ["BUGS"]

REGISTRY, ENVIRONMENTS = "registry/ProvenanceRegistry.vy", "registry/Environments.vy"
ATTESTATIONS, ANCHORS, IDENTITIES, RECORDS = (
    "lib/attestations.vy",
    "lib/anchors.vy",
    "lib/identities.vy",
    "lib/records.vy",
)
POLICIES, PROMOTIONS, RESTITUTIONS = "lib/policies.vy", "lib/promotions.vy", "lib/restitutions.vy"

# Modules that ProvenanceRegistry carries, and those of Environments.
_module_bug = partial(Bug, contracts=("ProvenanceRegistry",))
_environment_bug = partial(Bug, contracts=("Environments",))

BUGS = [
    Bug("anyone is the author", REGISTRY, '    assert _record.author == msg.sender, "registry: not the author"\n', ""),
    Bug("signature counts twice", REGISTRY, "    self.nonces[_signer] = nonce + 1\n", ""),
    Bug("signature one second late", REGISTRY, "block.timestamp <= _deadline", "block.timestamp <= _deadline + 1"),
    Bug(
        "parents unchecked",
        REGISTRY,
        '        assert status != 0, "registry: unknown parent"\n',
        "",
    ),
    Bug(
        "status falls",
        REGISTRY,
        "convert(_status, uint256) > word >> records.STATUS_AT",
        "convert(_status, uint256) >= word >> records.STATUS_AT",
    ),
    Bug(
        "anyone withdraws",
        REGISTRY,
        '    assert identities._acts_for(msg.sender, author), "registry: not the record\'s author"\n',
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
        '    assert status == ACTIVE, "environments: artefact is not active"\n',
        "",
    ),
    Bug(
        "new policy counts at once",
        ENVIRONMENTS,
        "block.timestamp + NOTICE, _policy, _sound",
        "block.timestamp, _policy, _sound",
    ),
    _environment_bug("history off by one block", PROMOTIONS, "& BLOCK_MASK <= _block", "& BLOCK_MASK < _block"),
    Bug("event names another promotion", ENVIRONMENTS, "seq=seq, to_seq=_seq", "seq=_seq, to_seq=_seq"),
    Bug(
        "made from what was revoked",
        REGISTRY,
        "status != records.REVOKED or link.relation == records.SUPERSEDES",
        "True",
    ),
    Bug(
        "revoked subject attested",
        REGISTRY,
        'status != records.REVOKED, "registry: subject',
        'True, "registry: subject',
    ),
    Bug("closed key registers", REGISTRY, "    identities._check_open(_record.author)\n", ""),
    _module_bug("closed key attests", ATTESTATIONS, "    identities._check_open(_attester)\n", ""),
    Bug("closed key anchors", REGISTRY, "    identities._check_open(msg.sender)\n", ""),
    _module_bug(
        "anyone revokes an attestation",
        ATTESTATIONS,
        '    assert identities._acts_for(msg.sender, _attester), "registry: not the account\'s key"\n',
        "",
    ),
    _module_bug(
        "anyone takes an anchor back",
        ANCHORS,
        '    assert identities._acts_for(msg.sender, _account), "registry: not the account\'s key"\n',
        "",
    ),
    _module_bug(
        "count of an anchor cut short",
        ANCHORS,
        "U32: constant(uint256) = 2**32 - 1",
        "U32: constant(uint256) = 2**8 - 1",
    ),
    Bug(
        "halves of another tree",
        REGISTRY,
        '        assert merkle._root(_halves[0], [_halves[1]]) == _root, "registry: not the root\'s halves"\n',
        "",
    ),
    Bug(
        "half is taken from its root",
        REGISTRY,
        '            assert self._roots_above[msg.sender][half] == empty(bytes32), "registry: half is anchored"\n',
        "",
    ),
    Bug(
        "only one half is known",
        REGISTRY,
        "self._roots_above[msg.sender][half] = _root",
        "self._roots_above[msg.sender][_halves[0]] = _root",
    ),
    Bug(
        "every half is a root",
        REGISTRY,
        "        if anchors._counts(_anchorer, root, _digest):\n            return root\n",
        "        if root != node or anchors._counts(_anchorer, root, _digest):\n            return root\n",
    ),
    Bug(
        "a root that is a half counts no more",
        REGISTRY,
        "in [self._roots_above[_anchorer][node], node]",
        "in [self._roots_above[_anchorer][node], self._roots_above[_anchorer][node]]",
    ),
    _module_bug("recovery without notice", IDENTITIES, "        ready += RECOVERY_NOTICE\n", "        ready += 0\n"),
    _module_bug(
        "recovery changed at once", IDENTITIES, "        start += 2 * RECOVERY_NOTICE\n", "        start += 0\n"
    ),
    _module_bug(
        "anybody is the new account", IDENTITIES, "proposal & U160 == convert(msg.sender, uint256)", "proposal != 0"
    ),
    _module_bug(
        "old key overrules its recovery",
        IDENTITIES,
        "(word == 0 and _proposer == _account)",
        "_proposer == _account",
    ),
    _module_bug(
        "closed since the last change", IDENTITIES, "    if _word == 0:\n        since", "    if True:\n        since"
    ),
    _module_bug("only the first replacement is followed", IDENTITIES, "range(MAX_HOPS + 1)", "range(2)"),
    _module_bug("withdrawal does not reach the links", RECORDS, "    if first != 0:\n", "    if first == 1:\n"),
    _module_bug(
        "parents need not be stored",
        RECORDS,
        '            assert self._links[link.parent][0] != 0, "registry: parent is not stored"\n',
        "",
    ),
    _module_bug(
        "only the first parent is walked",
        RECORDS,
        "            if j > 0:\n                word",
        "            if j > 99:\n                word",
    ),
    _module_bug(
        "stored as active whatever it is",
        RECORDS,
        "STORED | count | (convert(status, uint256) << STATE_AT)",
        "STORED | count | (1 << STATE_AT)",
    ),
    _environment_bug("demand for a sound lineage forgotten", POLICIES, "(convert(_sound, uint256) << SOUND_AT)", "0"),
    Bug(
        "unsound lineage promoted",
        ENVIRONMENTS,
        '    assert policies._is_sound(registry, _environment, version, _artefact), "environments: lineage is not sound"\n',
        "",
    ),
    Bug(
        "current does not look at the lineage",
        ENVIRONMENTS,
        "and policies._is_sound(registry, _environment, version, artefact)",
        "and True",
    ),
    Bug(
        "data sets run",
        ENVIRONMENTS,
        "RUNNABLE: constant(uint256) = (1 << 3)",
        "RUNNABLE: constant(uint256) = (1 << 1) | (1 << 3)",
    ),
    Bug(
        "restitution changes at once",
        ENVIRONMENTS,
        "_announce(_environment, _to, block.timestamp + NOTICE)",
        "_announce(_environment, _to, block.timestamp)",
    ),
    _environment_bug("restitution under notice replaced", RESTITUTIONS, "before >> FROM_AT <= block.timestamp", "True"),
    _environment_bug(
        "eighth attester not read",
        POLICIES,
        "range(1, count, bound=MAX_ATTESTERS)",
        "range(1, min(count, 7), bound=MAX_ATTESTERS)",
    ),
]
