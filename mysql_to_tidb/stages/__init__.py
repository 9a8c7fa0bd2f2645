"""Joins source, columns, staging and target into what a job goes through, one module for each stage."""
