"""Read a row more of a series: inside the SavedModel, as ONNX, and row by row."""
