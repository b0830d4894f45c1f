"""Settings files: what they may say, what is said about mistakes, and how they are changed."""
