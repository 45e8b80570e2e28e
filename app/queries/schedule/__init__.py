"""The slots of the schedule, and the sellers that it asks for."""
