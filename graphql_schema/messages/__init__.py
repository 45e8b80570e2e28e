"""What clients read when something is wrong, and which argument it is about."""
