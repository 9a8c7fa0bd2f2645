"""What runs where in Prefect, and what sets it up."""
