"""What one caller may use of what all share: tries and costs in a time, and how much runs at once."""
