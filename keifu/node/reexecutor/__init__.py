"""A node of somebody with stake who computes answers of float models again when it is drawn."""
