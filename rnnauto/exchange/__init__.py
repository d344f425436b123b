"""Write trained networks as ONNX graphs, operator by operator; no converter is asked."""
