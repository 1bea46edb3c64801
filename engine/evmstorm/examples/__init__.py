"""Known bugs in released contracts, each a folder with byte code, its source and a description: `evmstorm example`."""
