"""``python -m captioner``."""
