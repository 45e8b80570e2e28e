"""What `doctor` and `migrate` find out about an installation."""
