"""A float model to play with: vectors of texts from a server that speaks OpenAI's protocol, and that can be made to
lie."""
