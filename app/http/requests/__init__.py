"""What every request goes through: correlation, caller, turn, log line, refusal."""
