"""Arguments that many fields take: ranges of days, periods, texts."""
