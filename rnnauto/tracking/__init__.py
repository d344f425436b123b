"""Tell other programs of a fit: TensorBoard and MLflow, from the journal."""
