"""The networks: encoder, quantiser, density, decoder, critic, reconstructor, classifiers."""
