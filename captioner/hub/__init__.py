"""Captioners of the Hugging Face hub."""
