"""What happens on a hosting service and means something to runs: issues, comments, reviews, checks, merges."""
