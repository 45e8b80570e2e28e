"""All SQL, and only SQL: functions of a driver, a seller and plain values. No words of the API, no decisions."""
