"""Plain Python models of the contracts: what they should do, without words, slots or gas."""
