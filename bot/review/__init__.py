"""The moderators' desk: what waits, who has it, reading a file, and deciding."""
