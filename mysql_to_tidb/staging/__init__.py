"""Gathers on the way from source to target: rows as LOAD DATA, changes folded by key."""
