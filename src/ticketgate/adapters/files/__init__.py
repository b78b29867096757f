"""Files: read strictly, with the line of each fault."""
