"""Questions about photos and clips: made of captions, read from files, answered and scored."""
