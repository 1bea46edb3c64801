"""Two agents from beginning to end: one whose mind is sold with it, and one that invests within limits.

sale      packed, stored, minted, sold for coins, cloned and leased, by attestors and storage nodes that run
defi      a key that claims and compounds, and every call that a taken-over mind may try
"""
