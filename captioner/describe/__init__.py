"""Captioners of pictures and of clips, of all kinds."""
