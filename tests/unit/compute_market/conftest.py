"""A hub with heartbeats, channels that say what the test says, and the market; an operator that serves an environment
and covers a channel."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ethwire.constants import ZERO_ADDRESS
from keifu.compute.promises import Cover, Offer, commitment, needed_for, shown
from keifu.compute.receipt import Evidence, Receipt, Receipts
from keifu.keys import Account
from keifu.payments import Channel
from keifu.provenance import Kind, Record, RegistryDomain
from keifu.staking import KeyKind, key_consent
from keifu.units import COIN, DAY, HOUR
from tests.roles import role_fixtures
from tests.unit.heartbeats.conftest import sha
from tests.unit.staking.conftest import HORIZON, deploy_hub

WINDOW, ANSWER_WINDOW = 3 * DAY, 12 * HOUR
REWARD = 100 * COIN
DAMAGES = REWARD * 5 // 4
SERVICE_RESERVE = DAMAGES + REWARD
BOND = 5 * COIN
RESTITUTION = 400 * COIN
COVER_RESERVE = needed_for(RESTITUTION)
PRICE = 3 * COIN
LOCKED = 3 * SERVICE_RESERVE + 3 * COVER_RESERVE
CAP = 2 * COVER_RESERVE
TERM = 30 * DAY
FUNDS = 20_000 * COIN
ENOUGH = 2**256 - 1
REQUEST = b'{"model": "digits", "input": "0123"}'
ENDPOINT = "https://answers.example"
NOWHERE = bytes(32)
RECORDLESS = (ZERO_ADDRESS, 0, NOWHERE, NOWHERE, NOWHERE, NOWHERE, "", "", "", [])

globals().update(
    role_fixtures(
        "deployer",
        "owner",
        "operator",
        "other_operator",
        "payer",
        "authorizer",
        "prover",
        "other_prover",
        "author",
        "stranger",
        "sink",
        "treasury",
    )
)
# What ape says of a list or text that is longer than the contract takes: the compiler's check gives no reason.
UNNAMED = "Transaction failed."


@pytest.fixture(scope="module")
def key():
    """The operator's receipt key."""
    return Account.from_role("receipts")


@pytest.fixture(scope="module")
def second_key():
    return Account.from_role("more receipts")


@pytest.fixture(scope="module")
def token(project, deployer):
    return project.KeifuToken.deploy(deployer, sender=deployer)


@pytest.fixture(scope="module")
def registry(project, deployer):
    return project.ProvenanceRegistry.deploy(sender=deployer)


@pytest.fixture(scope="module")
def environments(project, deployer, registry):
    return project.Environments.deploy(registry, sender=deployer)


@pytest.fixture(scope="module")
def hub(project, token, owner, sink, treasury, deployer):
    return deploy_hub(project, token, owner, sink, treasury, deployer)


@pytest.fixture(scope="module")
def heartbeats(project, deployer, token, hub, environments):
    return project.HeartbeatService.deploy(token, hub, environments, 1_000, WINDOW, sender=deployer)


@pytest.fixture(scope="module")
def channels(project, deployer):
    return project.MockChannels.deploy(sender=deployer)


@pytest.fixture(scope="module")
def market(
    project, deployer, owner, operator, other_operator, payer, authorizer, stranger, token, hub, heartbeats, channels
):
    market = project.ComputeMarket.deploy(
        token, hub, heartbeats, channels, REWARD, WINDOW, ANSWER_WINDOW, BOND, sender=deployer
    )
    for service in (market, heartbeats):
        hub.list_service(service, HORIZON, 4, sender=owner)
    for who in (operator, other_operator, payer, authorizer, stranger):
        token.transfer(who, FUNDS, sender=deployer)
        token.approve(market, ENOUGH, sender=who)
    for who in (operator, other_operator):
        token.approve(hub, ENOUGH, sender=who)
        hub.register_operator(0, "", sender=who)
        hub.lock(market, who, LOCKED, sender=who)
        hub.lock(heartbeats, who, 100_000, sender=who)
    return market


@pytest.fixture(scope="module")
def domain(market, chain):
    return Receipts(chain.chain_id, market.address).domain


@pytest.fixture(scope="module")
def name_key(market, domain):
    def name_key(key, operator, kind=KeyKind.RECEIPT, cap=CAP):
        market.register_key(key.address, kind, key_consent(domain, str(operator), key, kind), sender=operator)
        if cap:
            market.set_cap(key.address, cap, sender=operator)

    return name_key


@pytest.fixture(scope="module")
def weights(registry, author):
    record = Record(
        str(author), Kind.WEIGHTS, sha("weights"), manifest=sha("manifest"), licence="CC0-1.0", version="1.0.0"
    )
    registry.register(record.args, sender=author)
    return record


@pytest.fixture(scope="module")
def production(environments, registry, chain, author, weights):
    """An environment with one promotion."""
    environments.declare_environment("production", [], sender=author)
    environment = environments.environment_id(author, "production")
    known = RegistryDomain(chain.chain_id, registry.address).record_id(weights)
    environments.promote(environment, known, sender=author)
    return bytes(environment)


@pytest.fixture(scope="module")
def offer(token):
    return Offer(token.address, 10**15, 2 * COIN, 6 * COIN, COIN, HOUR)


@pytest.fixture
def serve(market, heartbeats, offer, chain):
    """Serves as `who`; the last second."""

    def serve(who, environment=NOWHERE, last=0, offer=offer):
        last = last or chain.pending_timestamp + TERM
        if environment != NOWHERE:
            heartbeats.bind(environment, last, sender=who)
        market.serve(environment, offer.args, ENDPOINT, last, sender=who)
        return last

    return serve


@pytest.fixture
def served(market, name_key, key, operator, production, serve, chain):
    """The operator's key is named and its service runs for thirty days; its last second."""
    name_key(key, operator)
    last = serve(operator, production)
    chain.pending_timestamp += 10
    return last


@pytest.fixture(scope="module")
def channel(payer, authorizer, operator, token):
    return Channel(str(payer), str(authorizer), str(operator), str(operator), token.address, DAY, NOWHERE)


@pytest.fixture(scope="module")
def channel_id(channels, channel):
    return bytes(channels.getChannelId(channel.values))


@pytest.fixture
def sign_cover(channel_id, domain, key, chain):
    """A cover and its signature; `changes` replaces fields by name."""

    def sign_cover(by=key, **changes):
        now = chain.pending_timestamp
        cover = replace(Cover(channel_id, RESTITUTION, PRICE, now + TERM, now + HOUR), **changes)
        return cover, cover.sign(domain, by)

    return sign_cover


@pytest.fixture
def cover(market, channel, sign_cover, operator, payer):
    """Covers the channel by the operator's key; the cover."""

    def cover(by=None, config=channel, sender=payer, of=operator, **changes):
        signed, signature = sign_cover(**({"by": by} if by else {}), **changes)
        market.cover(config.values, signed.args, of, signature, sender=sender)
        return signed

    return cover


@pytest.fixture
def covered(served, cover, chain):
    """The channel of the operator that serves is covered for thirty days; the cover."""
    made = cover()
    chain.pending_timestamp += 10
    return made


@pytest.fixture(scope="module")
def receipts(market, chain):
    return Receipts(chain.chain_id, market.address)


@pytest.fixture
def receipt(channel_id, production, weights, chain):
    """A true receipt of now; `changes` replaces fields by name."""

    def receipt(**changes):
        hashes = dict.fromkeys(("input_root", "output_root", "trace_root"), NOWHERE)
        true = Receipt(
            channel_id=channel_id,
            number=1,
            environment=production,
            promotion_seq=1,
            digest=weights.digest,
            request_hash=sha("request"),
            response_hash=sha("response"),
            **hashes,
            input_units=12,
            output_units=30,
            fee=10**15,
            charged=10**15,
            evidence=Evidence.UNVERIFIED,
            time=chain.pending_timestamp - 5,
        )
        return replace(true, **changes)

    return receipt


@pytest.fixture
def lie(receipt):
    def lie(**changes):
        return receipt(digest=sha("swapped weights"), **changes)

    return lie


@pytest.fixture
def commit(market, receipts, key, chain):
    """Signs receipts as one batch, commits to the first as `who`; all as the contract takes them."""

    def commit(who, *found, by=key):
        signed = receipts.sign(by, found)
        market.commit_proof(commitment(found[0].struct_hash, str(who)), sender=who)
        return [shown(one) for one in signed]

    return commit


@pytest.fixture
def report(market, commit, weights):
    """Commits to one receipt, or two, and reports."""

    def report(who, *found, by=None, record=weights, of=None):
        given = commit(who, *found, **({"by": by} if by else {}))
        return market.report(of or given, record.args, sender=who)

    return report


@pytest.fixture
def asked(market, channel, channel_id, channels, operator, payer):
    """Demands an answer, as the payer; `claimed` is what the channel has paid by then, in its token."""

    def asked(sender=payer, *, fee=50 * COIN, request=REQUEST, config=channel, of_channel=channel_id, claimed=10**21):
        if claimed is not None:
            channels.set_claimed(of_channel, claimed, sender=payer)
        return market.demand(config.values, operator, fee, request, sender=sender)

    return asked
