"""What Graph answers: nodes, edges, insights, reports, writes."""
