"""Create3Factory.deploy: the address follows from deployer and salt, once."""

from __future__ import annotations

import ape
import pytest

SALT = b"\x01" * 32


@pytest.fixture(scope="module")
def init_code(project):
    return project.Create3Factory.contract_type.get_deployment_bytecode()


def test_deploys_at_the_foretold_address(factory, deployer, init_code, chain):
    foretold = factory.address_of(deployer, SALT)
    receipt = factory.deploy(SALT, init_code, sender=deployer)
    assert receipt.events == [factory.Deployed(deployer=deployer, salt=SALT, deployed=foretold)]
    assert chain.provider.get_code(foretold) == chain.provider.get_code(factory.address)


def test_same_salt_twice_is_refused(factory, deployer, init_code):
    factory.deploy(SALT, init_code, sender=deployer)
    with ape.reverts("create3: already deployed"):
        factory.deploy(SALT, init_code, sender=deployer)


def test_another_deployer_cannot_take_the_address(factory, deployer, other_deployer, init_code, chain):
    foretold = factory.address_of(deployer, SALT)
    factory.deploy(SALT, init_code, sender=other_deployer)
    assert chain.provider.get_code(foretold) == b""


def test_no_init_code_is_refused(factory, deployer):
    with ape.reverts("create3: no init code"):
        factory.deploy(SALT, b"", sender=deployer)


def test_a_constructor_that_reverts_spends_no_salt(factory, deployer, init_code):
    reverting = bytes.fromhex("60006000fd")
    with ape.reverts("create3: constructor failed"):
        factory.deploy(SALT, reverting, sender=deployer)
    factory.deploy(SALT, init_code, sender=deployer)
