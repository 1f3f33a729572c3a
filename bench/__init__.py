"""Measurements, as ratios against discord.py's own floor in the same run. Run by ``make bench``."""
