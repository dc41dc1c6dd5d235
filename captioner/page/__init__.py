"""The rooms of the web page; its door is ``app.py``."""
