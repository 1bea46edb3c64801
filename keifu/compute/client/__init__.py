"""A client that pays by vouchers and believes no answer before it was compared.

    with ComputeClient(account, folder, market, sources) as client:
        reply = client.ask(provider, "/v1/chat/completions", {"model": "digits", …})

checks     what is compared, each under its name; ReplyRefused says which differed
sources    from where promotions and receipt keys are known: a trust file or a chain
store      what must not be lost: vouchers, numbers, receipts, caps
capture    exchanges that somebody recorded, checked the same way
"""

from __future__ import annotations
