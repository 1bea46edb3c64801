"""Answers of float models: promises, demands and panels of ReExecution, and the rule by which an answer differs."""
