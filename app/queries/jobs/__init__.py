"""The tables of jobs and runs: asked for, claimed, sent, ended, counted."""
