"""What the files of a repository define and use, by tree-sitter. Imports nothing here: the parsers' processes start with it."""
