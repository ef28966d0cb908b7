"""What can be read of a run afterwards: where its time went, and its events as lines."""
