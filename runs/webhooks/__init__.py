"""Events of hosting services that affect runs: issues, comments, reviews, checks, merges."""
