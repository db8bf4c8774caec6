"""Measures specfuzz against APIs whose truth is known. Knows their `truth.toml` and specfuzz's command line, no more."""
