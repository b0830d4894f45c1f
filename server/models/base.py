"""What all rows have in common: the database, which is bound once per process (see database.py)."""

from peewee import AutoField, DatabaseProxy, Model

database = DatabaseProxy()


class Row(Model):
    """A row with a number of its own."""

    id = AutoField()

    class Meta:
        database = database
        legacy_table_names = False
