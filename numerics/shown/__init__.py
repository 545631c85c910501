"""The numbers behind figures and pages."""
