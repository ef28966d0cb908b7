"""The shared plumbing of all applications. It imports none of them."""
