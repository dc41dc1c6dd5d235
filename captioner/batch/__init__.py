"""Many files: found, read ahead, captioned together, a row for each."""
