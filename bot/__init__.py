"""Porchlight's core: rules, states, sentences and storage. It knows nothing of Discord."""

__version__ = "0.1.0"
