"""`./run demo`: a busy sample database, migrated while it is written to, and compared row by row."""
