# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title What a provider stores, owes, reserves and earns
@license MIT
@notice Two words a provider, brought up to the epoch under way before anything changes them: every epoch missed since
    is decided then, and all that misses cost is taken from the lock in one call. So correctness needs no keeper.
@dev Amounts are in gwei (10^9 wei): four of them fit a word. What ends with an epoch is one word a provider and epoch:
    the rate of the shards that end before it, and the damages that they keep reserved for the evidence window.
    Per epoch in which it owes a proof and brings none, a provider loses its pay, from the second in a row on also one
    share of the buffer due. Available for that is what the lock holds above the reserved damages: no miss touches
    another promise's reserve.
"""

# ############################################################## #
#                            INTERFACES                          #
# ############################################################## #

from ...interfaces import IStakingHub
from ...interfaces import IStorageMarket


# ############################################################## #
#                             MODULES                            #
# ############################################################## #

from ...lib import payouts
from . import seeds

uses: payouts
uses: seeds


# ############################################################## #
#                            CONSTANTS                           #
# ############################################################## #

UNIT: constant(uint256) = 10**9

# A miss takes one in so many of the buffer due.
SHARES: constant(uint256) = 8

# Of what misses take, one in so many is damages: whoever settles gets half of what arrives, the pot the rest.
DAMAGES_PART: constant(uint256) = 10

# The miss in a row with which a provider's shards may be declared lost.
LOST_WITH: constant(uint256) = 3

# Epochs to top up a buffer that is used up.
TOP_UP: constant(uint256) = 7

# Epochs after a promise's end until its reserve is free.
EVIDENCE: public(constant(uint256)) = 3

# Epochs that one call decides.
STEP: constant(uint256) = 64

# Words of proven epochs that one shard can span: 16,384 epochs.
SPAN: constant(uint256) = 64

# Fields of a provider's first word: stored 64 | drawn from 64 | epoch 24 | shards 32 | misses 16 | dry 24 | third 24 |
# given up, from bit 248.
# Of its second: damages 64 | rate 64 | pending 64 | earned 64.
U16: constant(uint256) = 2**16 - 1
U24: constant(uint256) = 2**24 - 1
U32: constant(uint256) = 2**32 - 1
U64: constant(uint256) = 2**64 - 1

# Every second, pair, nibble, byte and pair of bytes, to count bits.
M1: constant(uint256) = max_value(uint256) // 3
M2: constant(uint256) = max_value(uint256) // 5
M4: constant(uint256) = max_value(uint256) // 17
M8: constant(uint256) = max_value(uint256) // 257
M16: constant(uint256) = max_value(uint256) // 65_535


# ############################################################## #
#                            IMMUTABLES                          #
# ############################################################## #

hub: public(immutable(IStakingHub))

# Wei of the penalty buffer for each leaf stored.
leaf_buffer: public(immutable(uint256))


# ############################################################## #
#                             STORAGE                            #
# ############################################################## #

# provider -> its two words.
_stored: HashMap[address, uint256]
_money: HashMap[address, uint256]

# provider -> epoch -> gwei of rate that ends before it (64) | gwei of damages that stay reserved for the window after
# (64).
_ends: HashMap[address, HashMap[uint256, uint256]]

# provider -> epoch // 256 -> bits of proven epochs.
_proven: HashMap[address, HashMap[uint256, uint256]]


# ############################################################## #
#                           CONSTRUCTOR                          #
# ############################################################## #

@deploy
def __init__(_hub: address, _leaf_buffer: uint256):
    assert _hub.is_contract, "storage: hub is no contract"
    assert _leaf_buffer > 0, "storage: no buffer"
    hub = IStakingHub(_hub)
    leaf_buffer = _leaf_buffer


# ############################################################## #
#                              VIEWS                             #
# ############################################################## #

@external
@view
def proven(_provider: address, _from: uint256, _to: uint256) -> uint256:
    """
    @notice How many epochs from `_from` to before `_to` the provider has proven.
    """
    return self._count_proven(_provider, _from, _to)


# ############################################################## #
#                            INTERNAL                            #
# ############################################################## #

@internal
@view
def _read(_provider: address) -> IStorageMarket.Ledger:
    stored: uint256 = self._stored[_provider]
    money: uint256 = self._money[_provider]
    return IStorageMarket.Ledger(
        stored=stored & U64,
        drawn_from=(stored >> 64) & U64,
        epoch=(stored >> 128) & U24,
        shards=(stored >> 152) & U32,
        misses=(stored >> 184) & U16,
        dry=(stored >> 200) & U24,
        third=(stored >> 224) & U24,
        given_up=stored >> 248 == 1,
        damages=money & U64,
        rate=(money >> 64) & U64,
        pending=(money >> 128) & U64,
        earned=money >> 192,
    )


@internal
def _write(_provider: address, _ledger: IStorageMarket.Ledger):
    self._stored[_provider] = (
        _ledger.stored
        | (_ledger.drawn_from << 64)
        | (_ledger.epoch << 128)
        | (_ledger.shards << 152)
        | (_ledger.misses << 184)
        | (_ledger.dry << 200)
        | (_ledger.third << 224)
        | (convert(_ledger.given_up, uint256) << 248)
    )
    self._money[_provider] = (
        _ledger.damages | (_ledger.rate << 64) | (_ledger.pending << 128) | (_ledger.earned << 192)
    )


@internal
def _current(_provider: address, _caller: address) -> IStorageMarket.Ledger:
    """
    @dev The provider's ledger in the epoch under way. The caller writes it back; `_caller` gets what settling pays.
    """
    ledger: IStorageMarket.Ledger = self._advanced(_provider, _caller)
    assert ledger.epoch == seeds._now(), "storage: settle in parts first"
    return ledger


@internal
def _advanced(_provider: address, _caller: address) -> IStorageMarket.Ledger:
    """
    @dev The provider's ledger with up to `STEP` more epochs decided, and what their misses cost taken.
    """
    ledger: IStorageMarket.Ledger = self._read(_provider)
    now: uint256 = seeds._now()
    if ledger.epoch == 0:
        ledger.epoch = now
    asked: uint256 = 0
    for _: uint256 in range(STEP):
        if ledger.epoch == now:
            break
        if ledger.drawn_from > 0 and seeds._seen(ledger.epoch) and not self._is_proven(_provider, ledger.epoch):
            if ledger.misses > 0:
                asked += ledger.drawn_from * leaf_buffer // SHARES
            ledger.misses = min(ledger.misses + 1, U16)
            if ledger.misses == LOST_WITH:
                ledger.third = ledger.epoch
        ledger.epoch += 1
        ledger.given_up = False
        ledger.drawn_from = ledger.stored
        ledger.rate += ledger.pending
        ledger.pending = 0
        ledger.rate -= self._ends[_provider][ledger.epoch] & U64
        if ledger.epoch > EVIDENCE:
            ledger.damages -= self._ends[_provider][ledger.epoch - EVIDENCE] >> 64
    if asked > 0 and self._may_slash():
        ledger.dry = self._take_for_misses(_provider, _caller, ledger, asked)
    return ledger


@internal
def _take_for_misses(_provider: address, _caller: address, _ledger: IStorageMarket.Ledger, _asked: uint256) -> uint256:
    """
    @dev Take what misses cost, at most what no promise has reserved; pay whoever settles and the pot.
    @return Since when the buffer is used up; 0 when it is not.
    """
    locked: uint256 = staticcall hub.lock_of(self, _provider)
    free: uint256 = locked - min(locked, _ledger.damages * UNIT)
    taken: uint256 = min(_asked, free)
    damages: uint256 = taken // DAMAGES_PART
    arrived: uint256 = self._slash(_provider, damages, taken - damages)
    payouts.credits[_caller] += arrived // 2
    seeds.pot += arrived - arrived // 2
    log IStorageMarket.Missed(provider=_provider, misses=_ledger.misses, taken=taken)
    if taken < free or _ledger.dry > 0:
        return _ledger.dry
    return _ledger.epoch


@internal
@view
def _may_slash() -> bool:
    """
    @dev Whether the hub still takes coins for this service: not once it was removed a horizon ago.
    """
    service: IStakingHub.Service = staticcall hub.service(self)
    return service.removed == 0 or block.timestamp < service.removed + service.horizon


@internal
def _slash(_provider: address, _damages: uint256, _penalty: uint256) -> uint256:
    """
    @return Wei that arrived here: four fifths of the damages.
    """
    extcall hub.slash(_provider, _damages, _penalty)
    return extcall hub.collect(self, 0)


@internal
@view
def _needed(_ledger: IStorageMarket.Ledger) -> uint256:
    """
    @dev Wei of the lock that promises and the buffer need.
    """
    return _ledger.damages * UNIT + _ledger.stored * leaf_buffer


@internal
@view
def _check_promises(_provider: address, _ledger: IStorageMarket.Ledger):
    """
    @dev What a new promise asks of a provider: it proves, and all its promises and the whole buffer are inside its
        lock.
    """
    assert _ledger.misses < 2, "storage: prove first"
    assert staticcall hub.listed(self), "storage: market not listed"
    assert self._needed(_ledger) <= staticcall hub.lock_of(self, _provider), "storage: lock too small"


@internal
@view
def _is_lost(_ledger: IStorageMarket.Ledger, _end: uint256) -> bool:
    """
    @dev Whether the provider has lost what it was to store until `_end`: the third miss in a row came before, or a
        buffer was used up before and not filled in time.
    """
    missed: bool = _ledger.third > 0 and _ledger.third < _end
    return missed or (_ledger.dry > 0 and _ledger.dry < _end and _ledger.dry + TOP_UP <= _ledger.epoch)


@internal
def _add(_provider: address, _ledger: IStorageMarket.Ledger, _entry: IStorageMarket.Entry) -> IStorageMarket.Ledger:
    """
    @dev One more shard, paid from the next epoch on until before its end.
    """
    ledger: IStorageMarket.Ledger = _ledger
    ledger.stored += _entry.entry & U64
    ledger.shards += 1
    ledger.pending += _entry.price
    ledger.damages += _entry.damages
    assert ledger.stored <= U64 and ledger.shards <= U32, "storage: sequence is full"
    assert ledger.damages <= U64, "storage: lock too small"
    self._ends[_provider][_entry.end] += _entry.price | (_entry.damages << 64)
    return ledger


@internal
def _move_end(_provider: address, _price: uint256, _damages: uint256, _from: uint256, _to: uint256):
    """
    @dev A shard that ends later or earlier than was said; both epochs are still to come.
    """
    both: uint256 = _price | (_damages << 64)
    self._ends[_provider][_from] -= both
    self._ends[_provider][_to] += both


@internal
def _stop(
    _provider: address,
    _ledger: IStorageMarket.Ledger,
    _price: uint256,
    _damages: uint256,
    _start: uint256,
    _end: uint256,
) -> (IStorageMarket.Ledger, uint256):
    """
    @dev End one shard's pay now, or where the epoch under way is proven, or not its own yet, with the next. Its damages
        leave what is reserved later: they are the caller's to free or to take.
    @return The ledger, and the first epoch that is not paid.
    """
    ledger: IStorageMarket.Ledger = _ledger
    if _end <= ledger.epoch:
        # Its pay has ended; its damages are still reserved.
        self._ends[_provider][_end] -= _damages << 64
        return ledger, _end
    self._ends[_provider][_end] -= _price | (_damages << 64)
    if _start > ledger.epoch or self._is_proven(_provider, ledger.epoch):
        # As if that end had been said from the beginning: what is stopped can be stopped again, or lost.
        self._ends[_provider][ledger.epoch + 1] += _price
        return ledger, ledger.epoch + 1
    ledger.rate -= _price
    return ledger, ledger.epoch


@internal
@view
def _is_proven(_provider: address, _epoch: uint256) -> bool:
    return (self._proven[_provider][_epoch >> 8] >> (_epoch & 255)) & 1 == 1


@internal
def _set_proven(_provider: address, _epoch: uint256):
    self._proven[_provider][_epoch >> 8] |= 1 << (_epoch & 255)


@internal
@view
def _count_proven(_provider: address, _from: uint256, _to: uint256) -> uint256:
    """
    @dev Proven epochs from `_from` to before `_to`.
    """
    if _to <= _from:
        return 0
    count: uint256 = 0
    first: uint256 = _from >> 8
    last: uint256 = (_to - 1) >> 8
    assert last - first < SPAN, "storage: too many epochs"
    for at: uint256 in range(first, last + 1, bound=SPAN):
        bits: uint256 = self._proven[_provider][at]
        if at == first:
            bits = (bits >> (_from & 255)) << (_from & 255)
        if at == last:
            past: uint256 = 255 - ((_to - 1) & 255)
            bits = (bits << past) >> past
        count += self._bits(bits)
    return count


@internal
@pure
def _bits(_word: uint256) -> uint256:
    """
    @dev How many bits of a word are set: sums of ever wider fields.
    """
    x: uint256 = _word - ((_word >> 1) & M1)
    x = (x & M2) + ((x >> 2) & M2)
    x = (x + (x >> 4)) & M4
    x = (x & M8) + ((x >> 8) & M8)
    return unsafe_mul(x, M16) >> 240
