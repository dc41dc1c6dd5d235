"""Where captions go, and what is there already."""
