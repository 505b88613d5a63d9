"""From settings to a saved model: stages, multipliers, calibration, checkpoints, several processes."""
