"""The operator's node: it says, signed and again and again, which promoted artefact it has loaded."""
