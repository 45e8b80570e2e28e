"""How fields are resolved: in batches, from dataloaders, in turns of the event loop."""
