# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title What the deals do to a provider's ledger
@license MIT
@notice The contract of the deals knows what was promised to whom, and calls here when a promise begins, moves, ends or
    is broken. Only it may.
@dev What it says of a shard (price, damages, first and last epoch) is what it said when the shard was stored.
"""

# ############################################################## #
#                            INTERFACES                          #
# ############################################################## #

from ...interfaces import IStorageMarket


# ############################################################## #
#                             MODULES                            #
# ############################################################## #

from ...lib import payouts
from . import ledgers
from . import seeds
from . import sequences

uses: ledgers
uses: payouts
uses: seeds
uses: sequences


# ############################################################## #
#                            CONSTANTS                           #
# ############################################################## #

# Shards that one call stores, and that one call clears.
BATCH: constant(uint256) = sequences.BATCH
CLEARED: constant(uint256) = 32


# ############################################################## #
#                            IMMUTABLES                          #
# ############################################################## #

# The contract of the deals.
deals: public(immutable(address))


# ############################################################## #
#                           CONSTRUCTOR                          #
# ############################################################## #

@deploy
def __init__(_deals: address):
    assert _deals not in [empty(address), self], "storage: no deals"
    deals = _deals


# ############################################################## #
#                        DEALS FUNCTIONS                         #
# ############################################################## #

@external
def store(_caller: address, _provider: address, _entries: DynArray[IStorageMarket.Entry, BATCH]):
    """
    @notice A provider stores shards from now on, and is paid from the next epoch on.
    """
    self._only_deals()
    ledger: IStorageMarket.Ledger = ledgers._current(_provider, _caller)
    shards: uint256 = ledger.shards
    words: DynArray[uint256, BATCH] = []
    for entry: IStorageMarket.Entry in _entries:
        words.append(entry.entry)
        ledger = ledgers._add(_provider, ledger, entry)
    sequences._append(_provider, shards, words)
    ledgers._check_promises(_provider, ledger)
    ledger.dry = 0
    ledgers._write(_provider, ledger)


@external
def prolong(_caller: address, _provider: address, _price: uint256, _damages: uint256, _from: uint256, _to: uint256):
    """
    @notice A shard ends later: a new promise.
    """
    self._only_deals()
    ledger: IStorageMarket.Ledger = ledgers._current(_provider, _caller)
    ledgers._move_end(_provider, _price, _damages, _from, _to)
    ledgers._check_promises(_provider, ledger)
    ledger.dry = 0
    ledgers._write(_provider, ledger)


@external
def shorten(_caller: address, _provider: address, _price: uint256, _damages: uint256, _from: uint256, _to: uint256):
    """
    @notice A shard ends sooner, in an epoch to come. What it has reserved stays for the window after that.
    """
    self._only_deals()
    ledger: IStorageMarket.Ledger = ledgers._current(_provider, _caller)
    ledgers._move_end(_provider, _price, _damages, _from, _to)
    ledgers._write(_provider, ledger)


@external
def stop(
    _caller: address, _provider: address, _price: uint256, _damages: uint256, _start: uint256, _end: uint256
) -> uint256:
    """
    @notice A shard ends now, without fault. What it has reserved stays for the window after that.
    @return The first epoch that is not paid.
    """
    self._only_deals()
    ledger: IStorageMarket.Ledger = ledgers._current(_provider, _caller)
    end: uint256 = 0
    ledger, end = ledgers._stop(_provider, ledger, _price, _damages, _start, _end)
    ledgers._ends[_provider][end] += _damages << 64
    ledgers._write(_provider, ledger)
    return end


@external
def lose(
    _caller: address,
    _provider: address,
    _price: uint256,
    _damages: uint256,
    _start: uint256,
    _end: uint256,
    _unanswered: bool,
) -> (uint256, uint256):
    """
    @notice A shard is lost: what it has reserved is taken.
    @param _unanswered Whether a demand was not answered; else the provider's own ledger must say that it is lost.
    @return The first epoch that is not paid, and the wei that arrived: the deals say whose they are.
    """
    self._only_deals()
    ledger: IStorageMarket.Ledger = ledgers._current(_provider, _caller)
    assert ledger.epoch < _end + ledgers.EVIDENCE, "storage: evidence window is over"
    assert _unanswered or ledgers._is_lost(ledger, _end), "storage: shard is not lost"
    end: uint256 = 0
    ledger, end = ledgers._stop(_provider, ledger, _price, _damages, _start, _end)
    ledger.damages -= _damages
    ledgers._write(_provider, ledger)
    if not ledgers._may_slash():
        return end, 0
    return end, ledgers._slash(_provider, _damages * ledgers.UNIT, 0)


@external
def clear(_provider: address, _pieces: DynArray[IStorageMarket.Piece, CLEARED]):
    """
    @notice Take shards out of a provider's sequence, each stored since an earlier epoch: their buffer is free. Words
        are of the sequence as the pieces before leave it. Whoever still owes a proof of an open epoch gives it up, so
        that nobody chooses its draws.
    """
    self._only_deals()
    ledger: IStorageMarket.Ledger = ledgers._current(_provider, _provider)
    opened: bool = seeds._opened(ledger.epoch)
    if opened and ledger.drawn_from > 0 and not ledgers._is_proven(_provider, ledger.epoch) and not ledger.given_up:
        ledger.given_up = True
        log IStorageMarket.GivenUp(provider=_provider, epoch=ledger.epoch)
    for piece: IStorageMarket.Piece in _pieces:
        leaves: uint256 = sequences._clear(_provider, ledger.shards, piece.ordinal, piece.words)
        ledger.stored -= leaves
        if not opened:
            ledger.drawn_from -= leaves
        log IStorageMarket.Cleared(provider=_provider, ordinal=piece.ordinal, leaves=leaves)
    ledgers._write(_provider, ledger)


@external
def credit(_account: address, _amount: uint256):
    """
    @notice Somebody gets back what it had in escrow, or its part of what was taken.
    """
    self._only_deals()
    payouts.credits[_account] += _amount


# ############################################################## #
#                             INTERNAL                           #
# ############################################################## #

@internal
@view
def _only_deals():
    assert msg.sender == deals, "storage: only the deals"
