"""What was odd in a platform's answers, as syncs have noted it."""
