"""From a request's text to a prepared document: parsed, measured, validated and cached, at a bounded cost."""
