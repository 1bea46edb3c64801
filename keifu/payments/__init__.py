"""Payment channels: one deposit, a signed voucher for each answer, many channels claimed in one call.

The typed data is that of x402's scheme "batch-settlement", so clients made for it pay here.

Channel        who pays whom in which token; its id follows from it
Vouchers       signs and checks what one contract on one chain takes
SignedDeposit  what a payer signs so that others bring its deposit: `sign_authorization`, `sign_permit2`
Claim          a voucher to claim
actions        what payers, receivers and relayers do
read_channel   what the chain says of a channel; `read_earnings` of a receiver
"""

from __future__ import annotations

from keifu.payments import actions
from keifu.payments.actions import MAX_CLAIMS, Claim
from keifu.payments.channel import CHANNELS_NAME, CHANNELS_VERSION, Channel, Vouchers
from keifu.payments.deposits import SignedDeposit, sign_authorization, sign_permit2
from keifu.payments.status import ChannelStatus, Earnings, read_channel, read_earnings

__all__ = [
    "CHANNELS_NAME",
    "CHANNELS_VERSION",
    "MAX_CLAIMS",
    "Channel",
    "ChannelStatus",
    "Claim",
    "Earnings",
    "SignedDeposit",
    "Vouchers",
    "actions",
    "read_channel",
    "read_earnings",
    "sign_authorization",
    "sign_permit2",
]
