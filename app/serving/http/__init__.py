"""One HTTP connection: its protocol, its deadlines, and how it ends."""
