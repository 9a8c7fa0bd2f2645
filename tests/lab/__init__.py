"""Real servers for tests, benchmarks and the demo: found, else installed in a folder of their own."""
