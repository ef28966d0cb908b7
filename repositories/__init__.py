"""Repository links, git, and the APIs of hosting services behind one port."""
