"""An ad platform that needs no network: the same accounts, entities and numbers on every machine."""
