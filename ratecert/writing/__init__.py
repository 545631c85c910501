"""Expressions, tables and pages as text, Markdown and LaTeX."""
