"""The web page: ``python app.py``, then http://127.0.0.1:7860 in a browser."""

from captioner.runtime.process import run

if __name__ == "__main__":
    run("captioner.page.app")
