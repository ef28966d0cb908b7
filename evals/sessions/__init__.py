"""What a careful engineer's way through a task costs here, and what the same way costs in mini-swe-agent."""
