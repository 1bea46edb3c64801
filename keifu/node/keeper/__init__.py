"""The keeper's node: it brings the blocks that draw juries and opens epochs, for the tips, and only when that pays."""
