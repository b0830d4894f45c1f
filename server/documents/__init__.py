"""Paper: facts in, the bytes of a PDF or an XML file out; and what comes back on paper. Knows no database and no request."""
