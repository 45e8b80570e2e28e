"""What was odd in a platform's answers: kept for each job and account, and read again."""
