"""The recovery sheet: a key of the repository on paper, which opens it when this computer is lost."""
