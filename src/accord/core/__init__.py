"""RULES: pure functions over batches; no I/O, no time, no randomness. The core decides and never calls."""
