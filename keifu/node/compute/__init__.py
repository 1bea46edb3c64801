"""The compute node: answers of models, paid by the call through channels."""
