"""What hosting services tell us: checked, stored once, answered at once; what it means is decided later by a worker."""
