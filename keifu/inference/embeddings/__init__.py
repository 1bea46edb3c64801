"""Models like BERT in integers: one vector of a whole text (docs/inference-program.md)."""
