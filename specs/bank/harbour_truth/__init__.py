"""The proof of truth.toml: exploits, and the check of answers against openapi.json."""
