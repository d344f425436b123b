"""Put several model folders side by side."""
