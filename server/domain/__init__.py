"""The rules of the business and its money. Pure: no clock, no database, no screen."""
