"""Samples and training of the shading network (`ml.texture.shading_network`)."""
