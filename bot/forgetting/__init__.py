"""Deleting: because somebody wants it, because time is up, and seeing that nothing comes back."""
