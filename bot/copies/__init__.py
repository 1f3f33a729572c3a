"""Copies of the data, putting them back, and how the files lie on the disk."""
