"""The engine's oracles (`evmstorm.oracles`) in the words of the hub and the court: slashes, penalties and reserves."""
