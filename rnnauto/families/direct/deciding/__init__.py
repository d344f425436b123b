"""What is decided by answers to the validation part: which trial is better."""
