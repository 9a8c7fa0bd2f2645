"""Random workloads are carried while everything that can fail is made to fail."""
