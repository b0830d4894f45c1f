"""Ways to other programs: mail servers, banks. Know no database."""
