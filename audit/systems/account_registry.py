"""AccountRegistry: accounts of every kind of token, made once, twice and by anybody."""

from __future__ import annotations

from evmstorm.evm import LocalEvm
from evmstorm.fuzz.system import Steps, System, action, invariant
from evmstorm.fuzz.values import Choice
from keifu.accounts import Token, account_code, address_of
from keifu.keys import keccak256

SALTS = (bytes(32), b"\x01" * 32, b"\xff" * 32)
CHAINS = (1, 16_661, 2**256 - 1)
NUMBERS = (0, 1, 2**255, 2**256 - 1)
FAILED = keccak256(b"AccountCreationFailed()")[:4]
SHORTAGES = range(40_000, 66_000, 1_000)  # gas: enough to begin, too little for the code's 173 bytes


class AccountRegistry(System):
    """Nothing but the arguments decides what is made, and where."""

    contracts = ("AccountRegistry",)

    def setup(self, evm: LocalEvm) -> None:
        deployer = evm.account("deployer")
        registry = evm.deploy("AccountRegistry", sender=deployer)
        self.implementations = [evm.deploy("AgentAccount", sender=deployer).address, "0x" + "ab" * 20]
        self.contracts_of_tokens = [evm.deploy("PlainNft", True, sender=deployer).address, "0x" + "ff" * 20]
        self.bind(registry=registry, caller=evm.deploy("ThriftyCaller", sender=deployer))

    def start(self) -> None:
        self.made: dict[str, bytes] = {}

    @action(
        "", Choice("implementations"), Choice(SALTS), Choice(CHAINS), Choice("contracts_of_tokens"), Choice(NUMBERS)
    )
    def create(self, who: str, code: str, salt: bytes, chain: int, contract: str, number: int) -> Steps:
        token = Token(chain, contract, number)
        wanted = address_of(self["registry"], code, token, salt)
        returned = yield self.tx("registry.createAccount", code, salt, chain, contract, number, sender=who)
        assert returned == bytes.fromhex(wanted[2:]).rjust(32, b"\0"), "createAccount answers the account"
        fresh = wanted not in self.made
        self.emitted(
            "registry.ERC6551AccountCreated", count=int(fresh),
            **({"account": wanted, "implementation": code, "salt": salt, "chainId": chain, "tokenContract": contract,
                "tokenId": number} if fresh else {}),
        )  # fmt: skip
        self.made[wanted] = account_code(code, token, salt)

    @action(
        "", Choice("implementations"), Choice(SALTS), Choice(CHAINS), Choice("contracts_of_tokens"), Choice(NUMBERS)
    )
    def ask_where(self, who: str, code: str, salt: bytes, chain: int, contract: str, number: int) -> Steps:
        wanted = address_of(self["registry"], code, Token(chain, contract, number), salt)
        returned = yield self.tx("registry.account", code, salt, chain, contract, number, sender=who)
        assert returned == bytes.fromhex(wanted[2:]).rjust(32, b"\0"), "account answers the account"

    @action("", Choice("implementations"), Choice(NUMBERS), Choice(SHORTAGES))
    def create_with_little_gas(self, who: str, code: str, number: int, gas: int) -> Steps:
        """Whoever gives too little for the account's code is told so, and nothing is made."""
        token, salt = Token(1, self.contracts_of_tokens[0], number), SALTS[1]
        wanted = address_of(self["registry"], code, token, salt)
        if wanted in self.made:
            return
        call = self.contract("registry").createAccount.encode(code, salt, 1, token.contract, number)
        returned = yield self.tx("caller.visit", self["registry"], call, gas, sender=who)
        ok, _, size, answer = (returned[at : at + 32] for at in range(0, 128, 32))
        assert not any(ok), "made with too little gas"
        assert answer[: int.from_bytes(size, "big")] == FAILED, "another reason than that the creation failed"
        assert self.evm.code(wanted) == b"", "refused, and there all the same"

    @invariant("ACC-1")
    def code_is_the_standards(self) -> bool:
        """An account's code is the standard's proxy with its token's identity behind it, at the standard's address."""
        # Without zeros at the end: revm adds some to every code.
        return all(self.evm.code(who).rstrip(b"\0") == code.rstrip(b"\0") for who, code in self.made.items())
