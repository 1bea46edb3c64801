"""What the words of registry and environments say: records, what an environment runs and whether its policy holds.

One reading for every source of words: a state proved by a node, or by a bundle. The rules are the contracts'.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from keifu.errors import CheckFailed
from keifu.provenance._layout import (
    Words,
    anchor_slot,
    attestation_slot,
    environment_slot,
    field,
    policy_slot,
    promotion_slot,
    record_slot,
)
from keifu.provenance._model import PolicyEntry, Record, Status

__all__ = ["Anchor", "Production", "RecordWord", "Standing", "anchor", "production", "record_words"]

_ADDRESS_BITS, _TIME_AT, _STATUS_AT = 160, 160, 208
_TIME_BITS, _BYTE = 40, 8
_SEQ_AT, _POLICY_AT, _POLICY_BITS = 160, 200, 56
_BLOCK_BITS = 48
# A policy's words.
_NEEDED_AT, _COUNT_AT, _AGE_AT, _ENTRIES_AT, _FROM_AT = 160, 168, 176, 208, 216
_MAX_ENTRIES = _MAX_ATTESTERS = 8
# An attestation's word.
_EXPIRY_AT, _REVOKED_AT = 40, 104


@dataclass(frozen=True)
class RecordWord:
    """The registry's word of a record: whose it is, since when (unix seconds), and its state."""

    author: str
    time: int
    status: Status


@dataclass(frozen=True)
class Standing:
    """An attestation as it stands: made when, until when (zero: always), taken back when (zero: not)."""

    attester: str
    schema: bytes
    time: int
    expiry: int
    revoked_at: int

    def stands(self, now: int, max_age: int) -> bool:
        """Whether it counts at `now` for a policy that asks for this age at most (zero: any)."""
        fresh = not max_age or self.time >= now - min(max_age, now)
        return self.time > 0 and self.revoked_at == 0 and (self.expiry == 0 or self.expiry > now) and fresh


@dataclass(frozen=True)
class Production:
    """What an environment runs, and whether artefact and policy are in order. `seq` zero: nothing was promoted."""

    environment: bytes
    owner: str
    seq: int
    artefact: bytes
    block: int
    status: Status
    policy: tuple[PolicyEntry, ...] = ()
    standing: tuple[Standing, ...] = ()
    unmet: tuple[PolicyEntry, ...] = ()

    @property
    def ok(self) -> bool:
        return self.seq > 0 and self.status == Status.ACTIVE and not self.unmet


@dataclass(frozen=True)
class Anchor:
    """When a root was anchored, and how many leaves its anchorer stated."""

    time: int
    count: int


def record_words(words: Words, registry: str, records: Mapping[bytes, Record | None]) -> dict[bytes, RecordWord]:
    """What the registry holds of each record. A record whose content is not at hand (None) has to be unknown there:
    otherwise whoever gave the records left it out. Raises CheckFailed."""
    found: dict[bytes, RecordWord] = {}
    values = words.words(registry, [record_slot(record_id) for record_id in records])
    for (record_id, record), value in zip(records.items(), values, strict=True):
        if record is None:
            if value:
                raise CheckFailed(
                    f"the registry knows record {record_id.hex()}, but its content was withheld",
                    remedy="ask another node; this one withholds or changes logs",
                )
            continue
        word = _record_word(value)
        if word.status == Status.UNKNOWN:
            raise CheckFailed(f"record {record_id.hex()} ({record.kind.word}) is not registered in that state")
        if word.author != record.author:
            raise CheckFailed(f"record {record_id.hex()} names author {record.author}, the registry has {word.author}")
        found[record_id] = word
    return found


def production(words: Words, registry: str, environments: str, environment: bytes) -> Production:
    """What `environment` runs. Raises CheckFailed when it was never declared."""
    (word,) = words.words(environments, [environment_slot(environment)])
    if not word:
        raise CheckFailed(f"no environment {environment.hex()} was declared in that state")
    owner, seq = _hex_address(word), field(word, _SEQ_AT, _TIME_BITS)
    if seq == 0:
        return Production(environment, owner, 0, bytes(32), 0, Status.UNKNOWN)
    (promoted,) = words.words(environments, [promotion_slot(environment, seq)])
    artefact = (promoted - field(promoted, 0, _BLOCK_BITS)).to_bytes(32, "big")
    policy = _policy(words, environments, environment, field(word, _POLICY_AT, _POLICY_BITS))
    (value,) = words.words(registry, [record_slot(artefact)])
    standing = _standing(words, registry, policy, artefact)
    return Production(
        environment,
        owner,
        seq,
        artefact,
        field(promoted, 0, _BLOCK_BITS),
        _record_word(value).status,
        policy,
        standing,
        tuple(entry for entry in policy if not _is_met(entry, standing, words.time)),
    )


def anchor(words: Words, registry: str, anchorer: str, root: bytes) -> Anchor:
    """Raises CheckFailed when this account anchored no such root."""
    (word,) = words.words(registry, [anchor_slot(anchorer, root)])
    if not word:
        raise CheckFailed(f"{anchorer} anchored no root {root.hex()} in that state")
    return Anchor(field(word, 0, _TIME_BITS), word >> _TIME_BITS)


def _record_word(value: int) -> RecordWord:
    status = field(value, _STATUS_AT, _BYTE)
    if status > Status.REVOKED:
        raise CheckFailed(f"a record's word has the unknown state {status}", remedy="is this address the registry's?")
    return RecordWord(_hex_address(value), field(value, _TIME_AT, _TIME_BITS), Status(status))


def _policy(words: Words, environments: str, environment: bytes, version: int) -> tuple[PolicyEntry, ...]:
    """The entries that count at the block: the last version, or the one before while the last is under notice."""
    (first,) = words.words(environments, [policy_slot(environment, version, 0)])
    if first >> _FROM_AT > words.time:
        version -= 1
        (first,) = words.words(environments, [policy_slot(environment, version, 0)])
    entries: list[PolicyEntry] = []
    head, at = first, 0
    for number in range(min(field(first, _ENTRIES_AT, _BYTE), _MAX_ENTRIES)):
        if number:
            (head,) = words.words(environments, [policy_slot(environment, version, at)])
        count = min(field(head, _COUNT_AT, _BYTE), _MAX_ATTESTERS)
        places = [policy_slot(environment, version, at + 1 + offset) for offset in range(max(count, 1))]
        schema, *others = words.words(environments, places)
        attesters = (_hex_address(head), *map(_hex_address, others))
        needed, age = field(head, _NEEDED_AT, _BYTE), field(head, _AGE_AT, 32)
        entries.append(PolicyEntry(schema.to_bytes(32, "big"), needed, age, attesters))
        at += 1 + count
    return tuple(entries)


def _standing(words: Words, registry: str, policy: Sequence[PolicyEntry], artefact: bytes) -> tuple[Standing, ...]:
    asked = list(dict.fromkeys((who, entry.schema) for entry in policy for who in entry.attesters))
    values = words.words(registry, [attestation_slot(who, schema, artefact) for who, schema in asked])
    return tuple(
        Standing(who, schema, field(word, 0, 40), field(word, _EXPIRY_AT, 64), field(word, _REVOKED_AT, 40))
        for (who, schema), word in zip(asked, values, strict=True)
    )


def _is_met(entry: PolicyEntry, standing: Sequence[Standing], now: int) -> bool:
    good = [
        item
        for item in standing
        if item.schema == entry.schema and item.attester in entry.attesters and item.stands(now, entry.max_age)
    ]
    return len(good) >= entry.needed


def _hex_address(word: int) -> str:
    return f"0x{field(word, 0, _ADDRESS_BITS):040x}"
