"""GitHub behind the hosting port."""
