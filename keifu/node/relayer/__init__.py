"""The relayer: x402's facilitator, which brings signed payments to the chain for a capped refund of gas."""
