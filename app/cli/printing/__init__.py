"""Text for people: tables, progress, colours, commands to paste."""
