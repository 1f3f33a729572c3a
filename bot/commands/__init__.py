"""The verbs of the command line. Exit codes are those of ``bot.cli``."""
