"""The machine in C held against revm by random programs: `python -m evmstorm.conformance.machines`."""
