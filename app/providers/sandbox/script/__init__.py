"""What is scripted to go wrong or to change: faults, throttles, oddities, restatements."""
