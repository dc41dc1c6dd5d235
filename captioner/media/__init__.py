"""Files to upright RGB arrays."""
