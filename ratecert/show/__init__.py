"""Verdicts and rates for people: terminal, tables, figures, notebooks."""
