"""Reads the source: schema, position, chunks, rows, binary log."""
