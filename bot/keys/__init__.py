"""Sealing, the master key, and replacing it. What opens the keys themselves is ``bot.vault``."""
