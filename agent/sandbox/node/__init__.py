"""The install step of Node projects: what package managers may see of a repository, and what they make of it."""
