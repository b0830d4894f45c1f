"""Mails: made from reports, kept on disk until a mail server has taken them, handed over. Decides nothing about what they say."""
