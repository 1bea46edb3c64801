"""Plain Python models of the contracts: what they should do, without packed words, slots or gas."""
