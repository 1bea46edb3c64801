"""The attestor: encrypts an agent's data anew for its buyer, and signs that it did."""
