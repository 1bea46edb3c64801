"""Payment channels: one deposit, a signed voucher for each answer, many channels claimed in one call.

The typed data is that of x402's scheme "batch-settlement", so clients made for it pay here.

Channel        who pays whom in which token; its id follows from it
Vouchers       signs and checks what one contract on one chain takes
"""

from __future__ import annotations

from keifu.payments.channel import CHANNELS_NAME, CHANNELS_VERSION, Channel, Vouchers

__all__ = ["CHANNELS_NAME", "CHANNELS_VERSION", "Channel", "Vouchers"]
