"""The frozen model and its streams: model files, tables of the density, images to bytes and back."""
