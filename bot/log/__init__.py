"""The event log as a whole: sealed by the month, anchored by the day, and verified."""
