"""Measures how fast specfuzz is, as ratios to something else that does the same work in the same run."""
