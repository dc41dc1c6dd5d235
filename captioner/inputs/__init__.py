"""Which files a run captions: named ones, folders, patterns and lists, by their names alone."""
