"""Thin adapters to Discord: they parse, call one use case, and render what comes back."""
