"""What the words of registry and environments say: records, what an environment runs and whether its policy holds.

One reading for every source of words: a state proved by a node, or by a bundle. The rules are the contracts'.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from keifu.errors import CheckFailed
from keifu.provenance._layout import (
    Words,
    anchor_slot,
    attestation_slot,
    environment_slot,
    field,
    identity_slot,
    leaf_slot,
    link_slot,
    policy_slot,
    promotion_slot,
    record_slot,
)
from keifu.provenance._model import PolicyEntry, Record, Status

__all__ = [
    "Anchor",
    "Production",
    "RecordWord",
    "Standing",
    "accounts_of",
    "anchor",
    "closed_at",
    "followed_by",
    "history",
    "leaf_revoked_at",
    "production",
    "record_words",
    "soundness",
]

_ADDRESS_BITS, _TIME_AT, _STATUS_AT = 160, 160, 208
_TIME_BITS, _BYTE = 40, 8
_SEQ_AT, _POLICY_AT, _POLICY_BITS = 160, 200, 56
_BLOCK_BITS = 48
# A policy's words.
_NEEDED_AT, _COUNT_AT, _AGE_AT, _ENTRIES_AT, _SOUND_AT, _FROM_AT = 160, 168, 176, 208, 215, 216
_ENTRIES_BITS = 7
_MAX_ENTRIES = _MAX_ATTESTERS = 8
# An attestation's word.
_EXPIRY_AT, _REVOKED_AT = 40, 104
# An anchor's word, and a record's first stored link.
_ANCHOR_COUNT_BITS, _ANCHOR_REVOKED_AT, _ANCHOR_LEAVES_AT = 32, 72, 112
_LINK_COUNT_BITS, _LINK_STATE_AT, _LINK_STATE_BITS, _LINK_TAIL_BITS = 5, 6, 2, 48
_MAX_LINEAGE = 128  # records that the registry walks
_MAX_HOPS = 8  # replacements of a key that are followed


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
    sound: bool = False  # the policy asks that everything the artefact was made from is active
    unsound: tuple[bytes, Status] | None = None  # the first record of its lineage that is not, where it asks

    @property
    def ok(self) -> bool:
        return self.seq > 0 and self.status == Status.ACTIVE and not self.unmet and self.unsound is None


@dataclass(frozen=True)
class Anchor:
    """When a root was anchored, how many leaves its anchorer stated, when it was taken back (zero: not), and how many
    of its leaves were."""

    time: int
    count: int
    revoked_at: int = 0
    leaves_revoked: int = 0


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
    word = _declared(words, environments, environment)
    owner, seq = _hex_address(word), field(word, _SEQ_AT, _TIME_BITS)
    if seq == 0:
        return Production(environment, owner, 0, bytes(32), 0, Status.UNKNOWN)
    (promoted,) = words.words(environments, [promotion_slot(environment, seq)])
    artefact = (promoted - field(promoted, 0, _BLOCK_BITS)).to_bytes(32, "big")
    policy, sound = _policy(words, environments, environment, field(word, _POLICY_AT, _POLICY_BITS))
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
        sound,
        soundness(words, registry, artefact) if sound else None,
    )


def promotions(words: Words, environments: str, environment: bytes) -> int:
    """How many promotions there were. Raises CheckFailed when it was never declared."""
    return field(_declared(words, environments, environment), _SEQ_AT, _TIME_BITS)


def history(words: Words, environments: str, environment: bytes, count: int) -> list[tuple[int, bytes, int]]:
    """Number, artefact and block of the first `count` promotions. Raises CheckFailed."""
    numbers = range(1, count + 1)
    made = words.words(environments, [promotion_slot(environment, seq) for seq in numbers])
    return [
        (seq, (item - field(item, 0, _BLOCK_BITS)).to_bytes(32, "big"), field(item, 0, _BLOCK_BITS))
        for seq, item in zip(numbers, made, strict=True)
    ]


def soundness(words: Words, registry: str, record_id: bytes) -> tuple[bytes, Status] | None:
    """The first of a record and its ancestors that is not active, with its state, as the registry's `soundness_of`
    finds; UNKNOWN where links are not stored. None when the lineage is sound."""
    found, at = [record_id], 0
    while at < len(found):
        current = found[at]
        (first,) = words.words(registry, [link_slot(current, 0)])
        status = Status(field(first, _LINK_STATE_AT, _LINK_STATE_BITS))
        if status != Status.ACTIVE:
            return current, status
        count = field(first, 0, _LINK_COUNT_BITS)
        others = words.words(registry, [link_slot(current, number) for number in range(1, count)])
        for word in [first, *others][:count]:
            parent = (word - field(word, 0, _LINK_TAIL_BITS)).to_bytes(32, "big")
            if parent not in found:
                if len(found) == _MAX_LINEAGE:
                    return current, Status.UNKNOWN
                found.append(parent)
        at += 1
    return None


def accounts_of(words: Words, registry: str, account: str) -> list[str]:
    """An account and those that replaced its key, in order, as of the state."""
    found = [account.lower()]
    for _ in range(_MAX_HOPS):
        (word,) = words.words(registry, [identity_slot(found[-1])])
        after = _hex_address(word)
        if not int(after, 16) or after in found:
            break
        found.append(after)
    return found


def followed_by(words: Words, registry: str, account: str, named: Collection[str]) -> tuple[str, ...]:
    """An account whose key was replaced, and those that followed it. Raises CheckFailed unless one of them is in
    `named`: then whoever trusts the account can go on to trust that one."""
    found = accounts_of(words, registry, account)
    if set(found[1:]).isdisjoint(named):
        raise CheckFailed(f"the key of {account} was not replaced by anybody who is named here")
    return tuple(found)


def closed_at(words: Words, registry: str, account: str) -> int:
    """Since when (unix seconds) an account's key is closed: replaced or lost; zero while it is in use."""
    (word,) = words.words(registry, [identity_slot(account)])
    return field(word, _ADDRESS_BITS, _TIME_BITS)


def anchor(words: Words, registry: str, anchorer: str, root: bytes) -> Anchor:
    """Raises CheckFailed when this account anchored no such root, or took it back."""
    (word,) = words.words(registry, [anchor_slot(anchorer, root)])
    if not word:
        raise CheckFailed(f"{anchorer} anchored no root {root.hex()} in that state")
    revoked_at = field(word, _ANCHOR_REVOKED_AT, _TIME_BITS)
    if revoked_at:
        raise CheckFailed(f"{anchorer} took back the root {root.hex()} in second {revoked_at}")
    count, leaves = field(word, _TIME_BITS, _ANCHOR_COUNT_BITS), word >> _ANCHOR_LEAVES_AT
    return Anchor(field(word, 0, _TIME_BITS), count, revoked_at, leaves)


def leaf_revoked_at(words: Words, registry: str, anchorer: str, root: bytes, digest: bytes) -> int:
    """Since when (unix seconds) a leaf of an anchored tree is taken back; zero when it is not."""
    (word,) = words.words(registry, [leaf_slot(anchorer, root, digest)])
    return word


def _declared(words: Words, environments: str, environment: bytes) -> int:
    """The word of an environment. Raises CheckFailed when it was never declared."""
    (word,) = words.words(environments, [environment_slot(environment)])
    if not word:
        raise CheckFailed(f"no environment {environment.hex()} was declared in that state")
    return word


def _record_word(value: int) -> RecordWord:
    status = field(value, _STATUS_AT, _BYTE)
    if status > Status.REVOKED:
        raise CheckFailed(f"a record's word has the unknown state {status}", remedy="is this address the registry's?")
    return RecordWord(_hex_address(value), field(value, _TIME_AT, _TIME_BITS), Status(status))


def _policy(words: Words, environments: str, environment: bytes, version: int) -> tuple[tuple[PolicyEntry, ...], bool]:
    """The entries that count at the block, and whether a sound lineage is asked for: the last version, or the one
    before while the last is under notice."""
    (first,) = words.words(environments, [policy_slot(environment, version, 0)])
    if first >> _FROM_AT > words.time:
        version -= 1
        (first,) = words.words(environments, [policy_slot(environment, version, 0)])
    entries: list[PolicyEntry] = []
    head, at = first, 0
    for number in range(min(field(first, _ENTRIES_AT, _ENTRIES_BITS), _MAX_ENTRIES)):
        if number:
            (head,) = words.words(environments, [policy_slot(environment, version, at)])
        count = min(field(head, _COUNT_AT, _BYTE), _MAX_ATTESTERS)
        places = [policy_slot(environment, version, at + 1 + offset) for offset in range(max(count, 1))]
        schema, *others = words.words(environments, places)
        attesters = (_hex_address(head), *map(_hex_address, others))
        needed, age = field(head, _NEEDED_AT, _BYTE), field(head, _AGE_AT, 32)
        entries.append(PolicyEntry(schema.to_bytes(32, "big"), needed, age, attesters))
        at += 1 + count
    return tuple(entries), bool(field(first, _SOUND_AT, 1))


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
