"""What the stages of a search have workers do."""
