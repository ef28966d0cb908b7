"""Does one run at a time: claims it, keeps its lease, journals its steps and writes its events."""
