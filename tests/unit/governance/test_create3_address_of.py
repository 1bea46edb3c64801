"""Create3Factory.address_of: the same formula as the deployers' own, so an address is known before anything is sent."""

from __future__ import annotations

from keifu.chain.create3 import create3_address, salt_of


def test_equals_the_deployers_formula(factory, deployer):
    salt = salt_of("StakingHub")
    ours = create3_address(factory.address.lower(), deployer.address.lower(), salt)
    assert factory.address_of(deployer, salt).lower() == ours


def test_depends_on_the_deployer_and_on_the_salt(factory, deployer, other_deployer):
    addresses = {
        factory.address_of(who, salt_of(label)) for who in (deployer, other_deployer) for label in ("one", "two")
    }
    assert len(addresses) == 4
