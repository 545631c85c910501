"""``ratecert.order``: how fast an expression grows, with constants where they are known."""
