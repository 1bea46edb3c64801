"""The machine in C compared with revm by random programs: `python -m evmstorm.conformance.machines`."""
