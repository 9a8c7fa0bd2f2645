"""Random schemas, data and changes, carried from real sources to a real target and compared there."""
