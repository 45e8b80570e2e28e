"""What commands print about the state of the work: tables for people, JSON for programs."""
