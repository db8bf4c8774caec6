"""Harbour Bank's customer API: accounts, transfers, cards, payment links and a support desk."""
