"""The retryable units of a migration: small values in and out, the work done by the library."""
