"""The native machine: the EVM in C (engine/evmstorm/evm/native), bound by cffi.

Storage is read where it lies, in a tenth of a microsecond; a call costs half a microsecond beside what its code costs.
Gas is what a chain would charge: each transaction starts with cold slots.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol

from evmstorm.evm._curve import secp256k1
from evmstorm.evm._precompiles import precompile
from evmstorm.evm.hardforks import CANCUN, Hardfork
from evmstorm.evm.machine import CHAIN_ID, GAS_LIMIT, RawLog
from evmstorm.evm.native_build import library

__all__ = ["AccountState", "Authorization", "NativeMachine", "Transaction"]

ADDRESS, WORD, TOPICS = 20, 32, 4
DONE, REVERTED = 0, 1


@dataclass(frozen=True)
class AccountState:
    """One account; `storage` holds every slot that was touched, empty ones too."""

    balance: int
    nonce: int
    code: bytes
    storage: dict[int, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Authorization:
    """An account that signed to run the code of `delegate` from now on (EIP-7702), if this is its `nonce`."""

    authority: str
    delegate: str
    nonce: int


@dataclass(frozen=True)
class Transaction:
    """All that a transaction can be; `to` is None for a creation. `paid_authorizations` counts those whose signature is
    none as well, for they cost the same."""

    sender: str
    to: str | None
    data: bytes = b""
    value: int = 0
    gas: int = GAS_LIMIT
    gas_price: int = 0
    blob_fee: int = 0
    accounts: tuple[str, ...] = ()
    slots: tuple[tuple[str, int], ...] = ()
    blob_hashes: tuple[bytes, ...] = ()
    authorizations: tuple[Authorization, ...] = ()
    paid_authorizations: int = 0


class Remote(Protocol):
    """Another chain, as `evmstorm.evm.remote` has it."""

    def account(self, address: str) -> tuple[int, int, bytes]: ...

    def word(self, address: str, slot: int) -> int: ...


class _Addresses(dict[str, bytes]):
    """Addresses as bytes, converted once."""

    def __missing__(self, text: str) -> bytes:
        found = self[text] = bytes.fromhex(text[2:])
        return found


_addresses = _Addresses()


class NativeMachine:
    """One chain's state; see `Machine`. Not for several threads."""

    def __init__(
        self,
        fork: Hardfork = CANCUN,
        *,
        chain_id: int = CHAIN_ID,
        history: bool = True,
        remote: Remote | None = None,
    ) -> None:
        """`history`: with EIP-2935's contract, if the fork has it; `remote`: what is not known here is asked of it."""
        self.fork = fork
        self._ffi, lib = library()
        self._lib = lib
        # Held here, for the machine calls it as long as it lives.
        self._precompile = self._ffi.callback("Precompile", _answer(self._ffi))
        made = lib.machine_new(fork.name.encode(), chain_id, GAS_LIMIT, self._precompile, secp256k1(self._ffi))
        self._machine = self._ffi.gc(made, lib.machine_free)
        self._fault: Exception | None = None  # of the other chain: what was missing then is wrong from there on
        if remote is not None:
            self._remote = _answers(self._ffi, remote, self._blame)
            lib.machine_remote(self._machine, self._remote[0])
        if history:
            lib.machine_history(self._machine)
        self._call = partial(lib.machine_call, self._machine)
        self._result = lib.machine_result(self._machine)
        self.failure: bytes | str = b""

    def _blame(self, error: Exception) -> None:
        self._fault = self._fault or error

    def _check(self) -> None:
        if self._fault is not None:
            raise self._fault

    # transactions -------------------------------------------------------------------------------------------------

    def call(self, sender: str, to: str, data: bytes = b"", value: int = 0, is_static: bool = False) -> bytes | None:
        coins = _word(value) if value else self._ffi.NULL
        status = self._call(_addresses[sender], _addresses[to], data, len(data), coins, is_static)
        if self._fault is not None:
            raise self._fault
        result = self._result
        if status == DONE:
            size = result.size
            return self._ffi.buffer(result.output, size)[:] if size else b""
        self._fail(status)
        return None

    def deploy(self, sender: str, data: bytes, value: int = 0) -> str | None:
        made = self._ffi.new("uint8_t[20]")
        coins = _word(value)
        status = self._lib.machine_deploy(self._machine, _addresses[sender], data, len(data), coins, made)
        self._check()
        if status != DONE:
            self._fail(status)
            return None
        return "0x" + bytes(made).hex()

    def transact(self, transaction: Transaction) -> bool:
        """Make a transaction with all its fields; whether it succeeded. What makes it invalid is for the caller to look
        at."""
        new, buffer = self._ffi.new, self._ffi.from_buffer
        slots = b"".join(_addresses[who] + _word(slot) for who, slot in transaction.slots)
        signed = [(_addresses[a.authority], _addresses[a.delegate], a.nonce) for a in transaction.authorizations]
        fields = {
            "from": _addresses[transaction.sender],
            "to": _addresses[transaction.to] if transaction.to else None,
            "data": transaction.data,
            "value": _word(transaction.value),
            "gas_price": _word(transaction.gas_price),
            "blob_fee": _word(transaction.blob_fee),
            "accounts": b"".join(_addresses[who] for who in transaction.accounts),
            "slots": slots,
            "blob_hashes": b"".join(transaction.blob_hashes),
        }
        made, kept = new("Transaction *"), []
        for name, content in fields.items():
            kept.append(self._ffi.NULL if content is None else buffer("uint8_t[]", content))
            setattr(made, name, kept[-1])
        made.size, made.gas = len(transaction.data), transaction.gas
        made.account_count, made.slot_count = len(transaction.accounts), len(transaction.slots)
        made.blob_hash_count = len(transaction.blob_hashes)
        made.authorizations = authorizations = new("Authorization[]", signed)
        made.authorization_count, made.authorizations_paid = len(signed), transaction.paid_authorizations
        status = self._lib.machine_transact(self._machine, made, new("uint8_t[20]"))
        del authorizations, kept
        self._check()
        if status != DONE:
            self._fail(status)
        return bool(status == DONE)

    def _fail(self, status: int) -> None:
        result = self._result
        if status == REVERTED:
            size = result.size
            self.failure = self._ffi.buffer(result.output, size)[:] if size else b""
        else:
            self.failure = self._ffi.string(result.halt).decode()

    @property
    def gas_used(self) -> int:
        used: int = self._result.gas_used
        return used

    @property
    def logs(self) -> list[RawLog]:
        new = self._ffi.new
        address, topics, count, size = new("uint8_t[20]"), new("uint8_t[128]"), new("int *"), new("size_t *")
        found = []
        for index in range(self._result.logs):
            data = self._lib.machine_log(self._machine, index, address, topics, count, size)
            words = bytes(topics)
            found.append(
                RawLog(
                    "0x" + bytes(address).hex(),
                    [words[WORD * i : WORD * (i + 1)] for i in range(count[0])],
                    bytes(self._ffi.buffer(data, size[0])) if size[0] else b"",
                )
            )
        return found

    # counting -----------------------------------------------------------------------------------------------------

    def trace(self, counts: bool) -> None:
        """Count what runs of code that has not run yet; what runs while `counts` is false is left out."""
        self._lib.machine_trace(self._machine, counts)

    def traced(self) -> Iterator[tuple[bytes, list[int], list[int]]]:
        """Each piece of code that ran, with how often each of its instructions did, and how often each conditional jump
        in it was taken, by their places."""
        new = self._ffi.new
        at, size, jumped, of = new("size_t *"), new("size_t *"), new("const uint64_t **"), new("const void **")
        while code := self._lib.machine_next_traced(self._machine, at, size, jumped, of):
            ran = new("uint64_t[]", size[0])
            self._lib.machine_counts(of[0], ran)
            yield (
                bytes(self._ffi.buffer(code, size[0])),
                self._ffi.unpack(ran, size[0]),
                self._ffi.unpack(jumped[0], size[0]),
            )

    # state --------------------------------------------------------------------------------------------------------

    def set_block(self, number: int, time: int, prevrandao: bytes) -> None:
        self._lib.machine_block(self._machine, number, time, prevrandao)

    def set_fees(self, coinbase: str, gas_limit: int, base_fee: int, blob_base_fee: int) -> None:
        self._lib.machine_fees(self._machine, _addresses[coinbase], gas_limit, _word(base_fee), _word(blob_base_fee))

    def set_account(self, address: str, account: AccountState) -> None:
        where = _addresses[address]
        self._lib.machine_set_balance(self._machine, where, _word(account.balance))
        self._lib.machine_set_nonce(self._machine, where, account.nonce)
        self._lib.machine_set_code(self._machine, where, account.code, len(account.code))
        for slot, value in account.storage.items():
            self._lib.machine_set_slot(self._machine, where, _word(slot), _word(value))

    def set_code(self, address: str, code: bytes) -> None:
        self._lib.machine_set_code(self._machine, _addresses[address], code, len(code))

    def balance(self, address: str) -> int:
        word = bytearray(WORD)
        self._lib.machine_balance(self._machine, _addresses[address], self._ffi.from_buffer(word))
        self._check()
        return int.from_bytes(word, "little")

    def nonce(self, address: str) -> int:
        nonce: int = self._lib.machine_nonce(self._machine, _addresses[address])
        self._check()
        return nonce

    def set_balance(self, address: str, balance: int) -> None:
        self._lib.machine_set_balance(self._machine, _addresses[address], _word(balance))
        self._check()

    def code(self, address: str) -> bytes:
        size = self._ffi.new("size_t *")
        code = self._lib.machine_code(self._machine, _addresses[address], size)
        self._check()
        return bytes(self._ffi.buffer(code, size[0])) if size[0] else b""

    def slot(self, address: str, slot: int) -> Callable[[], int]:
        word = self._lib.machine_slot(self._machine, _addresses[address], _word(slot))
        self._check()
        return partial(int.from_bytes, memoryview(self._ffi.buffer(word, WORD)), "little")

    def watch(self, places: Sequence[tuple[str, int]]) -> Callable[[], int]:
        words = [self._lib.machine_slot(self._machine, _addresses[address], _word(slot)) for address, slot in places]
        self._check()
        last = self._ffi.new("uint8_t[]", WORD * len(words))
        for at, word in enumerate(words):  # other bits in each, so that the first answer is yes
            last[WORD * at] = word[0] ^ 1
        return partial(self._lib.machine_changed, self._ffi.new("uint8_t const *[]", words), len(words), last)

    def snapshot(self) -> int:
        mark: int = self._lib.machine_mark(self._machine)
        return mark

    def revert(self, mark: int) -> None:
        self._lib.machine_back(self._machine, mark)

    def digest(self) -> int:
        """Of every word of storage and every balance: the same for the same state, however it came about."""
        digest: int = self._lib.machine_digest(self._machine)
        return digest

    def play(self, tape: bytes) -> bool:
        """Play what `evmstorm.evm.tape` wrote down, up to the first transaction that comes out otherwise; whether there
        was none."""
        played: int = self._lib.machine_play(self._machine, tape, len(tape))
        self._check()
        return played == len(tape)

    def state(self) -> dict[str, AccountState]:
        """Every account that was ever looked at, by address."""
        address, slot, at = self._ffi.new("uint8_t[20]"), self._ffi.new("uint8_t[32]"), self._ffi.new("size_t *")
        found: dict[str, AccountState] = {}
        while self._lib.machine_next_account(self._machine, at, address):
            name = "0x" + bytes(address).hex()
            found[name] = AccountState(self.balance(name), self.nonce(name), self.code(name))
        at[0] = 0
        while word := self._lib.machine_next_slot(self._machine, at, address, slot):
            value = int.from_bytes(self._ffi.buffer(word, WORD)[:], "little")
            found["0x" + bytes(address).hex()].storage[int.from_bytes(bytes(slot), "little")] = value
        return found


def _word(number: int) -> bytes:
    return number.to_bytes(WORD, "little")


def _answer(ffi: Any) -> Callable[..., int]:
    """The callback by which the machine asks for a precompile."""

    def answer(number: int, data: Any, size: int, gas: int, out: Any, room: int, written: Any, used: Any) -> int:
        del gas  # the machine compares it with what was used
        found = precompile(number, bytes(ffi.buffer(data, size)) if size else b"")
        if found is None or len(found[0]) > room:
            return 0
        output, used[0] = found
        ffi.memmove(out, output, len(output))
        written[0] = len(output)
        return 1

    return answer


def _answers(ffi: Any, remote: Remote, blame: Callable[[Exception], None]) -> tuple[Any, ...]:
    """The structure by which the machine asks another chain, and what it must keep alive. An exception cannot cross C:
    it is told to `blame`, and the machine goes on with nothing until Python looks."""
    kept: list[Any] = []

    def account(address: Any, balance: Any, nonce: Any, code: Any, size: Any) -> None:
        try:
            found, nonce[0], text = remote.account("0x" + bytes(ffi.buffer(address, ADDRESS)).hex())
        except Exception as error:
            blame(error)
            return
        ffi.memmove(balance, _word(found), WORD)
        kept[:] = [ffi.from_buffer(text)]
        code[0], size[0] = kept[0], len(text)

    def word(address: Any, slot: Any, value: Any) -> None:
        number = int.from_bytes(ffi.buffer(slot, WORD)[:], "little")
        try:
            ffi.memmove(value, _word(remote.word("0x" + bytes(ffi.buffer(address, ADDRESS)).hex(), number)), WORD)
        except Exception as error:
            blame(error)

    made = ffi.new("Remote *")
    callbacks = [
        ffi.callback("void(const uint8_t *, uint8_t *, uint64_t *, const uint8_t **, size_t *)", account),
        ffi.callback("void(const uint8_t *, const uint8_t *, uint8_t *)", word),
    ]
    made.account, made.word = callbacks
    return made, *callbacks
