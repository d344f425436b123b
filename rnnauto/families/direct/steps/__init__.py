"""Read a timestep more, at the cost of one: inside the SavedModel, as ONNX, and row by row."""
