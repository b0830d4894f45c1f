"""How this program gets onto a computer, is replaced by a newer one, and is taken off again."""
