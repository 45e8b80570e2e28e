"""Runs that the command line asks for: started, named, watched to their end."""
