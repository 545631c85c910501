"""These files are answered by ``tests/attacks/test_cases.py``, not by ratecert's plugin."""

collect_ignore_glob = ["*.claims.toml", "illposed/*"]
