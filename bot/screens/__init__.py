"""What people see, as plain values: pure functions from what happened to a screen."""
