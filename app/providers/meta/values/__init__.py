"""Values of Meta's JSON: ids, instants, numbers, in every form in which they come."""
