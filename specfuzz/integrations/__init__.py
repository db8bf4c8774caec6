"""specfuzz inside other tools: translate, never decide."""
