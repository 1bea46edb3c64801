"""Token models of integers as a node serves them: texts to tokens, streams, and what receipts bind of them."""
