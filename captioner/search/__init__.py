"""A sentence, or a picture, to the photos and moments of a folder that show it."""
