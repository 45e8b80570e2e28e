"""GraphQL over HTTP: from the body of a request to the JSON of its answer."""
