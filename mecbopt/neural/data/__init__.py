"""What the model learns from: data sets, degradations, images as tensors."""
