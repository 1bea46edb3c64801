"""What the engine needs to search our contracts: descriptions, seeded bugs, second engines; and the reports."""
