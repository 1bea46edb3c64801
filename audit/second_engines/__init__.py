"""Second engines over the byte code that is deployed: forge's invariant runner and halmos."""
