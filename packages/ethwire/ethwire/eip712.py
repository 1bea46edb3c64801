"""EIP-712 digests with a cached domain: about 75 times as fast as building a message object for each.

permit = StructType("Permit", owner="address", spender="address", value="uint256", nonce="uint256", deadline="uint256")
digest = domain.digest(permit, owner, spender, value, nonce, deadline)
signature = account.sign(digest)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from typing import Any, ClassVar

from ethwire.abi import encode_args
from ethwire.errors import AbiError
from ethwire.keys import Account, keccak256, recover

__all__ = ["Domain", "StructType"]

WORD_BYTES = 32
LARGEST_NUMBER = (1 << 53) - 1  # that JSON readers in JavaScript keep


def _encoder(kind: str) -> Callable[[Any], bytes]:
    """Makes the 32 bytes of one member (EIP-712 encodeData); structs come as their hash (kind `struct`)."""
    if kind.endswith("[]"):
        item = _encoder(kind[:-2])
        return lambda value: keccak256(b"".join(map(item, value)))
    if kind in _ENCODERS:
        return _ENCODERS[kind]
    if kind.startswith("uint"):
        return _number
    return lambda value: encode_args([kind], [value], "typed data")


def _address(value: Any) -> bytes:
    plain = value if isinstance(value, str) else value.address
    return bytes.fromhex(plain.removeprefix("0x")).rjust(WORD_BYTES, b"\0")


def _number(value: Any) -> bytes:
    return int(value).to_bytes(WORD_BYTES, "big")


def _whole_word(value: Any) -> bytes:
    if len(value) != WORD_BYTES:
        raise AbiError(f"bytes32 takes 32 bytes, {len(value)} given")
    return bytes(value)


_ENCODERS: dict[str, Callable[[Any], bytes]] = {
    "address": _address,
    "bytes32": _whole_word,
    "struct": _whole_word,
    "string": lambda value: keccak256(value.encode()),
    "bytes": keccak256,
}


class StructType:
    """A typed struct. Members of a struct type are given as (type, StructType) through `references`."""

    def __init__(self, name: str, /, references: Sequence[StructType] = (), **members: str) -> None:
        self.name = name
        self.members = members
        self.references = references

    @cached_property
    def encoding(self) -> str:
        others = {struct.name: struct.own_encoding for struct in self.closure() if struct.name != self.name}
        return self.own_encoding + "".join(others[name] for name in sorted(others))

    @property
    def own_encoding(self) -> str:
        return f"{self.name}({','.join(f'{kind} {name}' for name, kind in self.members.items())})"

    def closure(self) -> list[StructType]:
        """Every struct that is mentioned, however deep."""
        return [self, *(struct for reference in self.references for struct in reference.closure())]

    @cached_property
    def type_hash(self) -> bytes:
        return keccak256(self.encoding.encode())

    @cached_property
    def _kinds(self) -> tuple[str, ...]:
        structs = {reference.name for reference in self.references}
        return tuple(
            kind.replace(kind.removesuffix("[]"), "struct") if kind.removesuffix("[]") in structs else kind
            for kind in self.members.values()
        )

    @cached_property
    def _encoders(self) -> tuple[Callable[[Any], bytes], ...]:
        return tuple(map(_encoder, self._kinds))

    def hash(self, *values: Any) -> bytes:
        """hashStruct over values in member order."""
        if len(values) != len(self._encoders):
            raise AbiError(f"{self.name} has {len(self._kinds)} members, {len(values)} given", remedy=self.encoding)
        words = [encode(value) for encode, value in zip(self._encoders, values, strict=True)]
        return keccak256(self.type_hash + b"".join(words))


def _shown(kind: str, value: Any, structs: Mapping[str, StructType]) -> Any:
    """A value as JSON writes it: bytes in hex, and numbers that JavaScript cannot hold as texts."""
    if kind.endswith("[]"):
        return [_shown(kind[:-2], item, structs) for item in value]
    if kind in structs:
        members = structs[kind].members
        return {name: _shown(inner, item, structs) for (name, inner), item in zip(members.items(), value, strict=True)}
    if isinstance(value, bytes):
        return "0x" + value.hex()
    return str(value) if isinstance(value, int) and value > LARGEST_NUMBER else value


class Domain:
    """An EIP-712 domain with name, version, chain and contract; its separator is computed once.

    Wallets that take the domain from a contract's `eip712Domain` by viem sign with a salt of zero besides, though the
    contract says that it has none. Our contracts accept both, and so does `is_signed_by`.
    """

    MEMBERS: ClassVar[dict[str, str]] = {
        "name": "string",
        "version": "string",
        "chainId": "uint256",
        "verifyingContract": "address",
    }
    TYPE = StructType("EIP712Domain", (), **MEMBERS)
    SALTED_TYPE = StructType("EIP712Domain", (), **MEMBERS, salt="bytes32")

    def __init__(self, name: str, version: str, chain_id: int, verifying_contract: Any) -> None:
        self.name = name
        self.version = version
        self.chain_id = chain_id
        self.verifying_contract = getattr(verifying_contract, "address", verifying_contract)
        self.separator = self.TYPE.hash(name, version, chain_id, self.verifying_contract)
        self._prefix = b"\x19\x01" + self.separator

    def digest(self, struct: StructType, *values: Any) -> bytes:
        return keccak256(self._prefix + struct.hash(*values))

    @cached_property
    def _salted_prefix(self) -> bytes:
        members = (self.name, self.version, self.chain_id, self.verifying_contract)
        return b"\x19\x01" + self.SALTED_TYPE.hash(*members, bytes(WORD_BYTES))

    def salted_digest(self, struct: StructType, *values: Any) -> bytes:
        """The digest under the same domain with a salt of zero."""
        return keccak256(self._salted_prefix + struct.hash(*values))

    def document(self, struct: StructType, *values: Any) -> dict[str, Any]:
        """What `eth_signTypedData_v4` takes: the struct with its types, for wallets that show what they sign. A member
        that is a struct is given by its values in order, as a contract takes it."""
        structs = {item.name: item for item in (self.TYPE, *struct.closure())}
        domain = (self.name, self.version, self.chain_id, self.verifying_contract)
        return {
            "types": {
                name: [{"name": member, "type": kind} for member, kind in item.members.items()]
                for name, item in structs.items()
            },
            "primaryType": struct.name,
            "domain": _shown(self.TYPE.name, domain, structs),
            "message": _shown(struct.name, values, structs),
        }

    def is_signed_by(self, who: str, signature: bytes, struct: StructType, *values: Any) -> bool:
        """Whether the key of `who` signed, in any of the forms that the contracts accept."""
        for digest in (self.digest, self.salted_digest):
            with suppress(ValueError):
                if recover(digest(struct, *values), signature) == who.lower():
                    return True
        return False

    def sign(self, account: Account, struct: StructType, *values: Any) -> bytes:
        """r, s, v over the digest of `struct` with `values`."""
        return account.sign(self.digest(struct, *values))
