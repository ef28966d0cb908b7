"""Small real parts that several test packages use."""
