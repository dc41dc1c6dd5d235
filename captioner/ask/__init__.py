"""Questions about a picture or a clip, answered from the frames that matter."""
