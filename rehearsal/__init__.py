"""The whole bot against a simulated Discord: the demo, and an admin's dress rehearsal."""
