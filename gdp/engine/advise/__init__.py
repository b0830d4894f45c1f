"""What a choice of block sizes will cost: measured on the line and a sample of the sources, then estimated."""
