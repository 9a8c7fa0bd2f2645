"""Compares source and target, row by row and value by value, while changes flow between them."""
