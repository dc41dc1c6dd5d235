"""The web page, which ``app.py`` serves."""
