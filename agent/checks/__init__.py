"""What a machine says of a change: commands, formatters, tests, the lines they run."""
