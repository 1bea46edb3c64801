"""One file a system under test: what people may do to our contracts, and what must hold."""
