"""RGB arrays to words."""
