"""How much a description notices: bugs seeded by hand, mutants by the thousand, scores of whole contracts."""
