"""The job core: jobs are written, claimed, done, retried and ended. Says nothing of what a job does."""
