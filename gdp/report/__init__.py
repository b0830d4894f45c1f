"""What is told of runs: recorded from the lines of the engine, put into words for a person. Sends nothing, stores nothing."""
