"""One reader for each format in which models write edits; all give ``FileEdit``s."""
