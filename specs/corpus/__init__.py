"""Derives a contract for thousands of real documents: none may crash, hang or be refused without a clear line."""
