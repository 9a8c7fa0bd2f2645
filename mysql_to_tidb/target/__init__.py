"""Writes the target: schema, load, apply, and the state of every job."""
