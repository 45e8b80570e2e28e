"""What readers ask for: lists, numbers, series, freshness. Each request reads one snapshot."""
