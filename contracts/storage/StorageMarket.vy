# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title StorageMarket
@license MIT
@notice Storage that is paid by proof: what providers store, prove, earn, reserve and lose. Once an epoch a provider
    opens five random leaves of everything it stores and is paid for that epoch. A missed epoch is not paid, from the
    second in a row on it costs a share of the buffer, and after three the shards may be declared lost.
@dev The parts: `trees` hashes, `sequences` what a provider stores, `seeds` epochs, `ledgers` what it owes and earns,
    `promises` what StorageDeals does to them. All coins are here, the escrow of deals included; deals say whose they
    become. The formats are in docs/storage-format.md, to the bit.
@custom:security A proof shows that a provider could obtain the leaves within the window, not that it had them. Shards
    that anybody can rebuild from others may be fetched when asked; masked ones may not.
@custom:kill The timelock removes the service from the hub: then nothing is accepted or prolonged, clients close their
    deals at once, and proofs, refunds, slashes and withdrawals go on.
"""

# ############################################################## #
#                            INTERFACES                          #
# ############################################################## #

from ..interfaces import IService
from ..interfaces import IStorageMarket

implements: IService
implements: IStorageMarket


# ############################################################## #
#                             MODULES                            #
# ############################################################## #

from ..lib import payouts
from .lib import ledgers
from .lib import promises
from .lib import seeds
from .lib import sequences
from .lib import trees

initializes: payouts
initializes: seeds[payouts := payouts]
initializes: ledgers[payouts := payouts, seeds := seeds]
initializes: sequences
initializes: promises[ledgers := ledgers, payouts := payouts, seeds := seeds, sequences := sequences]

exports: (
    payouts.credits,
    payouts.pay,
    payouts.token,
    seeds.__interface__,
    ledgers.__interface__,
    promises.__interface__,
)


# ############################################################## #
#                           CONSTRUCTOR                          #
# ############################################################## #

@deploy
def __init__(
    _token: address,
    _hub: address,
    _randomness: address,
    _deals: address,
    _epoch_seconds: uint256,
    _window: uint256,
    _leaf_buffer: uint256,
    _tip: uint256,
):
    """
    @param _deals The StorageDeals, at the address that it will have.
    @param _epoch_seconds Of an epoch: a day; minutes on a chain of one's own.
    @param _window Seconds for proofs, from the one in which an epoch's seed was first seen.
    @param _leaf_buffer Wei of the penalty buffer for each leaf of 256 bytes.
    @param _tip Wei for whoever names or shows a seed.
    """
    payouts.__init__(_token)
    seeds.__init__(_randomness, _epoch_seconds, _window, _tip)
    ledgers.__init__(_hub, _leaf_buffer)
    promises.__init__(_deals)


# ############################################################## #
#                        PROVIDER FUNCTIONS                      #
# ############################################################## #

@external
def offer(_price: uint256, _restitution: uint256, _url: String[256]):
    """
    @notice Say for what the caller stores: clients find it by this event. It binds nobody; an acceptance does.
    @param _price Gwei for a gibibyte and epoch.
    @param _restitution Gwei for a gibibyte, at most.
    """
    log IStorageMarket.Offered(provider=msg.sender, price=_price, restitution=_restitution, url=_url)


@external
def unlock(_amount: uint256):
    """
    @notice Free `_amount` wei of the caller's lock: never what its promises and its buffer need.
    """
    ledger: IStorageMarket.Ledger = ledgers._current(msg.sender, msg.sender)
    ledgers._write(msg.sender, ledger)
    extcall ledgers.hub.unlock(msg.sender, _amount, ledgers._needed(ledger))


@external
def withdraw(_receiver: address) -> uint256:
    """
    @notice Pay what the caller has earned and was credited to an address of its choice. Answers the wei paid.
    """
    assert _receiver not in [empty(address), self], "storage: no receiver"
    ledger: IStorageMarket.Ledger = ledgers._read(msg.sender)
    if ledger.earned > 0:
        payouts.credits[msg.sender] += ledger.earned * ledgers.UNIT
        ledger.earned = 0
        ledgers._write(msg.sender, ledger)
    return payouts._pay(msg.sender, _receiver)


# ############################################################## #
#                     PERMISSIONLESS FUNCTIONS                   #
# ############################################################## #

@external
def prove(
    _provider: address,
    _epoch: uint256,
    _data: Bytes[trees.LEAF_BYTES * trees.DRAWS],
    _words: DynArray[uint256, trees.MAX_WORDS],
):
    """
    @notice Open the five leaves that the epoch asks of a provider: it is paid for all that it stores. Anybody may send
        it.
    """
    ledger: IStorageMarket.Ledger = ledgers._current(_provider, msg.sender)
    assert _epoch == ledger.epoch and seeds._takes_proofs(_epoch), "storage: no proofs are taken"
    assert ledger.drawn_from > 0, "storage: nothing to prove"
    assert not ledger.given_up, "storage: epoch was given up"
    assert not ledgers._is_proven(_provider, _epoch), "storage: already proven"
    seed: bytes32 = seeds.seed_of[_epoch]
    drawn: uint256[trees.DRAWS] = empty(uint256[trees.DRAWS])
    for number: uint256 in range(trees.DRAWS):
        drawn[number] = trees._draw(seed, _epoch, _provider, number, ledger.drawn_from)
    sequences._check_opened(_provider, ledger.shards, drawn, _data, _words)
    ledgers._set_proven(_provider, _epoch)
    ledger.misses = 0
    ledger.third = 0
    ledger.earned += ledger.rate
    ledgers._write(_provider, ledger)
    log IStorageMarket.Proven(provider=_provider, epoch=_epoch, earned=ledger.rate)


@external
def settle(_provider: address) -> uint256:
    """
    @notice Decide the epochs that a provider has missed, up to 64 a call: whoever settles gets a part of what they
        cost.
    @return The epoch before which everything is decided.
    """
    ledger: IStorageMarket.Ledger = ledgers._advanced(_provider, msg.sender)
    if ledgers._stored[_provider] > 0:
        ledgers._write(_provider, ledger)
    return ledger.epoch


@external
def top_up(_provider: address):
    """
    @notice Say that a provider's buffer is filled again, by `lock` at the hub.
    """
    ledger: IStorageMarket.Ledger = ledgers._current(_provider, msg.sender)
    assert ledger.dry > 0, "storage: buffer is not used up"
    assert ledgers._needed(ledger) <= staticcall ledgers.hub.lock_of(self, _provider), "storage: lock too small"
    ledger.dry = 0
    ledgers._write(_provider, ledger)


@external
def bind(_provider: address) -> uint256:
    """
    @notice Say at the hub what a provider's promises need: that much of its lock earns.
    """
    return extcall ledgers.hub.bind(_provider, ledgers._needed(ledgers._read(_provider)))


# ############################################################## #
#                              VIEWS                             #
# ############################################################## #

@external
@view
def terms() -> IService.Terms:
    """
    @notice What the service promises to those who use it.
    """
    return IService.Terms(
        evidence_window=(ledgers.EVIDENCE + ledgers.TOP_UP) * seeds.epoch_seconds,
        rounds=0,
        court=empty(address),
        smallest=0,
        largest=ledgers.U64 * ledgers.UNIT,
    )


@external
@view
def reserved(_operator: address) -> uint256:
    """
    @notice Wei of the operator's lock that its promises and its buffer need, as of the last call that touched it.
    """
    return ledgers._needed(ledgers._read(_operator))


@external
@view
def ledger(_provider: address) -> IStorageMarket.Ledger:
    """
    @notice What a provider stores, owes, reserves and earns, as of the last call that touched it.
    """
    return ledgers._read(_provider)


@external
@view
def shards_of(_provider: address) -> uint256:
    """
    @notice How many shards a provider ever accepted: the ordinal of its next one.
    """
    return ledgers._read(_provider).shards


@external
@view
def peak(_provider: address, _height: uint256) -> uint256:
    """
    @notice A peak of a provider's sequence: of the mountain of this height, which is below 8.
    """
    return sequences.peaks[_provider][_height]


@external
@view
def whole(_provider: address, _number: uint256) -> uint256:
    """
    @notice A whole mountain of a provider's sequence: the upper 192 bits of its peak, and the leaves before it. One
        number beyond the last there are the leaves of all, and further on nothing.
    """
    if _number > ledgers._read(_provider).shards >> sequences.WHOLE:
        return 0
    return sequences._whole(_provider, _number)
