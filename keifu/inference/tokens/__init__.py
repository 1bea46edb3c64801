"""Token models of integers (docs/inference-program.md): loaded, checked and run by compiled code."""
