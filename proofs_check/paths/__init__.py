"""How an expression grows along one path of the sizes."""
