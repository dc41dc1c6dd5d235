"""The floor that both stages stand on: graphs, Keras, the hub, the process."""
