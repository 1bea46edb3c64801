"""Bugs of Create3Factory."""

from __future__ import annotations

from evmstorm.mutation.seeded_bugs import seeder

__all__ = ["BUGS"]


_bug = seeder("governance/Create3Factory.vy")

BUGS = [
    _bug("salt of nobody", "abi_encode(_deployer, _salt)", "abi_encode(_salt)"),
    _bug("one salt for all", "abi_encode(_deployer, _salt)", "abi_encode(_deployer)"),
    _bug(
        "address of the factory's own",
        "deployed: address = self._address_of(msg.sender, _salt)",
        "deployed: address = self._address_of(self, _salt)",
    ),
    _bug("nothing to deploy", '    assert len(_init_code) > 0, "create3: no init code"\n', ""),
    _bug("place taken", '    assert not deployed.is_contract, "create3: already deployed"\n', ""),
    _bug("nothing deployed accepted", "assert ok and deployed.is_contract", "assert ok"),
    _bug("coins kept", "raw_call(proxy, _init_code, value=msg.value,", "raw_call(proxy, _init_code, value=0,"),
    _bug(
        "coins left at the proxy's maker",
        "salt=self._guarded(msg.sender, _salt),",
        "salt=self._guarded(msg.sender, _salt), value=msg.value,",
    ),
    _bug("constructor may come back", "# pragma nonreentrancy on\n", ""),
    _bug("event names the factory", "Deployed(deployer=msg.sender,", "Deployed(deployer=self,"),
    _bug("second contract of the proxy", 'convert(proxy, bytes20), x"01")', 'convert(proxy, bytes20), x"02")'),
    _bug("returns the proxy", "    return deployed\n", "    return proxy\n"),
]
