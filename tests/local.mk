# Unit tests mirror src/ and tui/: one Criterion program for each layer.
