"""Fair hands: what moderators disclose about themselves, and what it keeps them from."""
