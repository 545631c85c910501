"""What writes the generated pages of the site, all from one run over the built-in claims."""
