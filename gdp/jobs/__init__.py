"""What is due, and what a run consists of. Decides and describes; starts nothing, reads no clock and no disk."""
