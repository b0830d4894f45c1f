"""What screens say, apart from how they look. Pure."""
