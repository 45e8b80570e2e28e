"""What every process of an installation does at its start."""
