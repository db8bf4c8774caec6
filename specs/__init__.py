"""The benchmark: APIs whose weaknesses are known, and what measures specfuzz against them."""
