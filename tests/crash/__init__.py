"""What is left after a run was killed, cut off or interrupted, at every moment at which that can happen."""
