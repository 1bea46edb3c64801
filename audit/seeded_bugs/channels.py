"""Bugs of Channels, its modules and the collector of signed transfers."""

from __future__ import annotations

from functools import partial

from evmstorm.mutation.seeded_bugs import Bug

__all__ = ["BUGS"]

CHANNELS, CLAIMS, FEES = "payments/Channels.vy", "payments/lib/claims.vy", "payments/lib/fees.vy"
COLLECTOR = "payments/Erc3009DepositCollector.vy"

_bug = partial(Bug, contracts=("Channels",))

BUGS = [
    _bug("any token is paid in", CHANNELS, '    assert fees.isListed[config.token], "channels: token is not listed"\n', ""),
    _bug("a delay of nothing", CHANNELS, '    assert config.withdrawDelay >= MIN_WITHDRAW_DELAY, "channels: delay too short"\n', ""),
    _bug("a delay for ever", CHANNELS, '    assert config.withdrawDelay <= MAX_WITHDRAW_DELAY, "channels: delay too long"\n', ""),
    _bug("somebody else's coins are paid in", CHANNELS, '        assert msg.sender == config.payer, "channels: caller is not the payer"\n', ""),
    _bug("a deposit is booked without coins", CHANNELS, '            assert extcall fees.coin.transferFrom(msg.sender, self, wanted), "channels: transfer was refused"\n', "            pass\n"),
    _bug("a collector brings what it likes", CHANNELS, '    assert staticcall token.balanceOf(self) == before + wanted, "channels: collector brought another amount"\n', ""),
    _bug("a deposit forgets what was there", CHANNELS, "claims._channels[channel] = unsafe_add(word, wanted)", "claims._channels[channel] = wanted"),
    _bug("anybody asks back", CHANNELS, 'assert msg.sender == _config.payer or msg.sender == _config.payerAuthorizer, "channels: caller is not the payer\'s"', "pass"),
    _bug("more is asked back than there is", CHANNELS, '    assert convert(amount, uint256) <= claims._available(claims._channels[channel]), "channels: more than there is"\n', ""),
    _bug("asking again replaces the first", CHANNELS, '    assert self._withdrawals[channel] == 0, "channels: withdrawal is pending"\n', ""),
    _bug("back a second early", CHANNELS, "assert block.timestamp >= (asked >> claims.UPPER)", "assert block.timestamp + 1 >= (asked >> claims.UPPER)"),
    _bug("the delay is not waited for", CHANNELS, "assert block.timestamp >= (asked >> claims.UPPER) + convert(\n        config.withdrawDelay, uint256\n    )", "assert block.timestamp >= (asked >> claims.UPPER)"),
    _bug("a withdrawal twice", CHANNELS, "    self._withdrawals[channel] = 0\n    word: uint256 = claims._channels[channel]", "    word: uint256 = claims._channels[channel]"),
    _bug("claimed coins go back", CHANNELS, "amount: uint256 = min(asked & claims.U128, claims._available(word))", "amount: uint256 = min(asked & claims.U128, word & claims.U128)"),
    _bug("anybody gives back", CHANNELS, "    assert (\n        msg.sender == config.receiver or msg.sender == config.receiverAuthorizer\n    ), \"channels: caller is not the receiver's\"\n", ""),
    _bug("a signed refund twice", CHANNELS, '    assert nonce == self.refundNonce[channel], "channels: another refund came first"\n', ""),
    _bug("a direct refund leaves the signed one", CHANNELS, "    self._refund(config, channel, amount, self.refundNonce[channel])\n", "    self._refund(config, channel, amount, self.refundNonce[channel] - 1 if self.refundNonce[channel] > 0 else 0)\n"),
    _bug("a refund of anybody's", CHANNELS, "    assert signatures._signed(\n        config.receiverAuthorizer, refund_hash, receiverAuthorizerSignature\n    ), \"channels: refund is not signed\"\n", ""),
    _bug("a refund beyond what is left", CHANNELS, "amount: uint256 = min(convert(_amount, uint256), claims._available(word))", "amount: uint256 = min(convert(_amount, uint256), word & claims.U128)"),
    _bug("a refund leaves the withdrawal", CHANNELS, "        self._withdrawals[_channel] = asked - amount\n", "        self._withdrawals[_channel] = asked\n"),
    _bug("a refund ends the withdrawal", CHANNELS, "    if amount >= asked & claims.U128:", "    if amount >= 1:"),
    _bug("coins go back without leaving the channel", CHANNELS, "    claims._channels[_channel] = _word - _amount\n", ""),
    _bug("anybody claims", CLAIMS, "        if by != item.voucher.channel.receiver and by != item.voucher.channel.receiverAuthorizer:\n", "        if by == empty(address):\n"),
    _bug("the same voucher twice", CLAIMS, "        if total <= claimed:\n", "        if total < claimed:\n"),
    _bug("claimed coins fall", CLAIMS, "        if total <= claimed:\n", "        if total == claimed:\n"),
    _bug("more than was signed", CLAIMS, "        if item.totalClaimed > item.voucher.maxClaimableAmount:\n", "        if False:\n"),
    _bug("one unit more than was signed", CLAIMS, "        if item.totalClaimed > item.voucher.maxClaimableAmount:\n", "        if convert(item.totalClaimed, uint256) > convert(item.voucher.maxClaimableAmount, uint256) + 1:\n"),
    _bug("more than there is", CLAIMS, "            total = word & U128\n", "            total = convert(item.totalClaimed, uint256)\n"),
    _bug("any signature", CLAIMS, "signer != item.voucher.channel.payerAuthorizer or signer == empty(address)", "signer == empty(address)"),
    _bug("nobody signs for who has no authorizer", CLAIMS, "signer != item.voucher.channel.payerAuthorizer or signer == empty(address)", "signer != item.voucher.channel.payerAuthorizer"),
    _bug("a malleable signature", CLAIMS, "            if s <= convert(signatures.HALF_ORDER, uint256):\n", "            if True:\n"),
    _bug("a voucher for every channel", CLAIMS, "keccak256(abi_encode(VOUCHER_TYPE, channel, item.voucher.maxClaimableAmount)),\n                        )", "keccak256(abi_encode(VOUCHER_TYPE, empty(bytes32), item.voucher.maxClaimableAmount)),\n                        )"),
    _bug("a wrong item ends the batch", CLAIMS, "            log IChannels.ClaimSkipped(channelId=channel, reason=NOT_SIGNED_FOR)\n            continue", "            log IChannels.ClaimSkipped(channelId=channel, reason=NOT_SIGNED_FOR)\n            break"),
    _bug("receivers are mixed", CLAIMS, "item.voucher.channel.receiver != receiver or item.voucher.channel.token != token", "item.voucher.channel.token != token"),
    _bug("tokens are mixed", CLAIMS, "item.voucher.channel.receiver != receiver or item.voucher.channel.token != token", "item.voucher.channel.receiver != receiver"),
    _bug("the last of a batch is not booked", CLAIMS, "        earned = unsafe_add(earned, amount)\n    self._book(receiver, token, earned, paid)\n", "        earned = unsafe_add(earned, amount)\n"),
    _bug("a batch of anybody's", CLAIMS, "    assert signatures._signed(\n        authorizer, self._batch(voucherClaims), authorizerSignature\n    ), \"channels: batch is not signed\"\n", ""),
    _bug("a batch signed for its first item", CLAIMS, "        entries.append(", "        if len(entries) > 0:\n            break\n        entries.append("),
    _bug("settled twice", CLAIMS, "    self._receivers[_receiver][_token] = claimed | claimed << UPPER\n", "    self._receivers[_receiver][_token] = claimed | (_word >> UPPER) << UPPER\n"),
    _bug("the receiver keeps the fee", CLAIMS, "    token_transfers._push(IERC20(_token), _receiver, amount - part)\n", "    token_transfers._push(IERC20(_token), _receiver, amount)\n"),
    _bug("a fee of ten times as much", FEES, "    return _amount * self.fee // WHOLE\n", "    return _amount * self.fee * 10 // WHOLE\n"),
    _bug("any fee", FEES, '    assert basisPoints <= MAX_FEE, "channels: fee too high"\n', ""),
    _bug("anybody decides", FEES, '    assert msg.sender == owner, "channels: caller is not the owner"\n', "    pass\n"),
    _bug("the treasury is paid twice", FEES, "    self.treasuryFees[token] = 0\n", ""),
    _bug("the treasury has the hub's fee, too", FEES, "        return\n    self.treasuryFees[_token] += _amount", "        pass\n    self.treasuryFees[_token] += _amount"),
    _bug("a fee that the hub refuses is lost", FEES, "    return ok\n", "    return True\n"),
    Bug("a deposit into any channel", COLLECTOR, "nonce: bytes32 = keccak256(abi_encode(channelId, salt))", "nonce: bytes32 = keccak256(abi_encode(empty(bytes32), salt))", contracts=("Erc3009DepositCollector",)),
    Bug("anybody has deposits brought", COLLECTOR, '    assert msg.sender == channels, "collector: caller is not channels"\n', "", contracts=("Erc3009DepositCollector",)),
]  # fmt: skip
