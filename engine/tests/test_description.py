"""A description that does not fit its contracts is refused, with the name of what is wrong."""

from __future__ import annotations

from typing import Any

import pytest

from evmstorm.evm import LocalEvm
from evmstorm.fuzz import MAY_REVERT, Amount, DescriptionError, Engine, Flag, Steps, System, Who, action, invariant


class Token(System):
    """A token that anybody mints."""

    contracts = ("PlainToken",)
    actors = ("holder", "spender")

    def setup(self, evm: LocalEvm) -> None:
        self.bind(token=evm.deploy("PlainToken", sender=evm.account("owner")))
        self.supply_now = self.read("token.totalSupply")

    def start(self) -> None:
        self.supply = 0

    @action("token.mint", Who(), Amount(1000))
    def mint(self, who: str, receiver: str, amount: int) -> Steps:
        if self.supply + amount >= 2**256:
            return ""
        yield
        self.supply += amount

    @invariant("TOK-1")
    def supply_follows(self) -> bool:
        """Supply is what was minted."""
        return self.supply_now() == self.supply


def _with(**members: Any) -> type[System]:
    return type("Changed", (Token,), members)


def _act(target: str, *values: Any, **options: Any) -> Any:
    def method(self: System, who: str, *args: Any) -> Steps:
        yield MAY_REVERT

    return action(target, *values, **options)(method)


def test_a_right_description_runs() -> None:
    engine = Engine(Token)

    assert engine.run(bytes(range(256)) * 2) is None
    assert engine.counts[0].ok > 0


def test_unknown_function_is_named() -> None:
    with pytest.raises(DescriptionError, match=r"PlainToken has no function mnit"):
        Engine(_with(bad=_act("token.mnit", Who(), Amount())))


def test_unknown_contract_is_named() -> None:
    with pytest.raises(DescriptionError, match=r"vault.mint names no bound contract"):
        Engine(_with(bad=_act("vault.mint", Who(), Amount())))


def test_a_fault_of_the_set_up_names_the_description_s_line() -> None:
    class Wrong(Token):
        def setup(self, evm: LocalEvm) -> None:
            evm.deploy("PlainToken", 7, sender=evm.account("owner"))

    with pytest.raises(DescriptionError, match=r"AbiError: .*\(correct test_description\.py:\d+\)$"):
        Engine(Wrong)


def test_wrong_type_is_named_with_its_argument() -> None:
    with pytest.raises(DescriptionError, match=r"gives Flag for receiver of token.mint, which is address"):
        Engine(_with(bad=_act("token.mint", Flag(), Amount())))


def test_wrong_number_of_arguments_is_refused() -> None:
    with pytest.raises(DescriptionError, match=r"no function mint with 1 arguments"):
        Engine(_with(bad=_act("token.mint", Who())))


def test_sender_who_is_no_actor_is_named() -> None:
    with pytest.raises(DescriptionError, match=r"nobody.*who are no actors"):
        Engine(_with(bad=_act("token.mint", Who(), Amount(), sender="nobody")))


def test_unknown_storage_variable_is_named() -> None:
    class Wrong(Token):
        def setup(self, evm: LocalEvm) -> None:
            super().setup(evm)
            self.read("token.suply")

    with pytest.raises(DescriptionError, match=r"no storage variable suply"):
        Engine(Wrong)


def test_a_reason_that_is_not_allowed_is_a_finding() -> None:
    system = _with(
        mint=None,
        move=_act("token.transfer", Who(), Amount(10), allow=("token: another reason",)),
    )

    finding = Engine(system).run(b"\1\0\7\0\0\0\0\0")

    assert finding is not None
    assert finding.id == "method: reason"
    assert "plain: balance too small" in finding.message


def test_a_wrong_model_is_a_finding() -> None:
    class Wrong(Token):
        @action("token.mint", Who(), Amount(1000))
        def mint(self, who: str, receiver: str, amount: int) -> Steps:
            yield
            self.supply += amount + 1

    finding = Engine(Wrong).run(b"\1\0\7\0\0\0\0\0")

    assert finding is not None
    assert finding.id == "TOK-1"
