"""Captioned photos and clips: read, shown in several views, in batches."""
