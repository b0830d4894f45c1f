"""The one long process: runs what is due, each run in a process of its own, and answers front ends."""
