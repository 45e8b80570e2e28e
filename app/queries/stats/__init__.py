"""Statistics as they are stored: fetch log, snapshots, daily rows; checked and repaired."""
