"""ProvenanceRegistry.register_for: somebody else pays, the author signs."""

from __future__ import annotations

from copy import copy

import ape
import pytest

from ethwire.constants import ZERO_ADDRESS
from keifu.provenance import Record, RegistryDomain, Status
from tests.wallet_forms import FORMS, high_s, salted

from .conftest import FAR, sha

YES, NO, REVERT, BURN_GAS, CALL_BACK, SHORT, LONG = range(7)


@pytest.fixture
def signed(domain, author, key_of, make):
    """A record with its author's signature for nonce 0."""
    record = make("gasless")
    return record, key_of(author).sign(domain.register_digest(record, 0, FAR))


def test_relayer_registers_for_the_author(registry, relayer, author, signed, domain):
    record, signature = signed
    receipt = registry.register_for(record.args, FAR, signature, sender=relayer)
    registered = next(event for event in receipt.events if event.event_name == "Registered")
    assert registered.author == author
    assert registry.status_of(domain.record_id(record)) == Status.ACTIVE
    assert registry.nonces(author) == 1


def test_replay_is_refused(registry, relayer, signed):
    """REG-4"""
    record, signature = signed
    registry.register_for(record.args, FAR, signature, sender=relayer)
    with ape.reverts("registry: invalid signature"):
        registry.register_for(record.args, FAR, signature, sender=relayer)


def test_other_chain_and_other_registry_are_refused(registry, relayer, author, key_of, make, chain, stranger):
    """REG-4"""
    record = make("elsewhere")
    for other in (RegistryDomain(chain.chain_id + 1, registry.address), RegistryDomain(chain.chain_id, str(stranger))):
        signature = key_of(author).sign(other.register_digest(record, 0, FAR))
        with ape.reverts("registry: invalid signature"):
            registry.register_for(record.args, FAR, signature, sender=relayer)


def test_expired_signature_is_refused(registry, relayer, author, key_of, make, domain, chain):
    """REG-4"""
    record, deadline = make("late"), chain.pending_timestamp - 1
    signature = key_of(author).sign(domain.register_digest(record, 0, deadline))
    with ape.reverts("registry: signature expired"):
        registry.register_for(record.args, deadline, signature, sender=relayer)


def test_deadline_itself_is_in_time(registry, relayer, author, key_of, make, domain, chain):
    record, deadline = make("just in time"), chain.pending_timestamp + 50
    signature = key_of(author).sign(domain.register_digest(record, 0, deadline))
    chain.pending_timestamp = deadline
    registry.register_for(record.args, deadline, signature, sender=relayer)
    assert registry.status_of(domain.record_id(record)) == Status.ACTIVE


def test_changed_record_is_refused(registry, relayer, signed, make):
    """REG-3"""
    _, signature = signed
    with ape.reverts("registry: invalid signature"):
        registry.register_for(make("something else").args, FAR, signature, sender=relayer)


@pytest.mark.parametrize("cut", [0, 1, 63, 66])
def test_malformed_signature_is_refused(registry, relayer, signed, cut):
    record, signature = signed
    with ape.reverts("registry: invalid signature"):
        registry.register_for(record.args, FAR, (signature + b"\0")[:cut], sender=relayer)


def test_zero_author_is_refused(registry, relayer, signed, make):
    """ecrecover gives zero for a bad signature: it must not register for the zero address."""
    _, *rest = signed[0].args
    with ape.reverts("registry: invalid signature"):
        registry.register_for((ZERO_ADDRESS, *rest), FAR, bytes(65), sender=relayer)


@pytest.fixture(scope="module")
def wallet_record(contract_account):
    return Record(contract_account.address, 1, sha("by a wallet"))


def test_contract_account_may_say_yes(registry, relayer, wallet_record, domain):
    registry.register_for(wallet_record.args, FAR, b"two owners' signatures", sender=relayer)
    assert registry.status_of(domain.record_id(wallet_record)) == Status.ACTIVE


@pytest.mark.parametrize("mood", [NO, REVERT, BURN_GAS, CALL_BACK, SHORT])
def test_hostile_contract_account_registers_nothing(
    registry, relayer, contract_account, wallet_record, domain, deployer, mood
):
    contract_account.set_mood(mood, sender=deployer)
    with ape.reverts("registry: invalid signature"):
        registry.register_for(wallet_record.args, FAR, b"", sender=relayer, gas_limit=1_000_000)
    assert registry.status_of(domain.record_id(wallet_record)) == Status.UNKNOWN
    assert registry.nonces(contract_account) == 0


def test_long_answer_is_read_by_its_first_word(registry, relayer, contract_account, wallet_record, deployer, domain):
    contract_account.set_mood(LONG, sender=deployer)
    registry.register_for(wallet_record.args, FAR, b"", sender=relayer)
    assert registry.status_of(domain.record_id(wallet_record)) == Status.ACTIVE


@pytest.mark.case("tools-9")
@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_a_wallet_counts(registry, relayer, signed, domain, form):
    record, signature = signed
    registry.register_for(record.args, FAR, form(signature), sender=relayer)
    assert registry.status_of(domain.record_id(record)) == Status.ACTIVE


@pytest.mark.case("tools-9")
def test_a_zero_salt_counts(registry, relayer, author, key_of, make, domain):
    record, other = make("signed by viem"), copy(domain)
    other.domain = salted(domain.domain)
    signature = key_of(author).sign(other.register_digest(record, 0, FAR))
    registry.register_for(record.args, FAR, signature, sender=relayer)
    assert registry.status_of(domain.record_id(record)) == Status.ACTIVE


@pytest.mark.parametrize("form", FORMS)
def test_a_high_s_is_refused_in_every_form(registry, relayer, signed, form):
    record, signature = signed
    with ape.reverts("registry: invalid signature"):
        registry.register_for(record.args, FAR, form(high_s(signature)), sender=relayer)
