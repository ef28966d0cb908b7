"""Repository links, git and the hosting APIs behind one port."""
