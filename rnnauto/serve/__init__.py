"""A server of predictions: protocols that know no server, the model's thread, the application."""
