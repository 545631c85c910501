"""What a claim says: expressions, statements, settings; text and files in, plain data out."""
