"""How a summarizer learns to fuse captions."""
