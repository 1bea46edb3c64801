"""What the suite costs, from measured gas, bytes and processor time, and from prices that somebody wrote down."""
