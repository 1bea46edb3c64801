"""What the engine is told of our contracts: descriptions, seeded bugs, second engines, and what came out (reports)."""
