"""The commands of the tasks beside captioning: ``python -m captioner.train --task ...``."""
