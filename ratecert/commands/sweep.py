"""``ratecert sweep``: a resumable grid of exact and simulated risks."""

from __future__ import annotations

import argparse
from pathlib import Path

HELP = "compute a grid of risks and simulations, resumably, into an SQLite file"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("grid", type=Path, metavar="GRID.toml", help="tables [[grid]] of lists")
    parser.add_argument(
        "--store", type=Path, required=True, metavar="FILE.sqlite", help="where the results go"
    )
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--workers", metavar="N", help="processes (default: one for each core)")
    where.add_argument("--scheduler", metavar="ADDRESS", help="a dask.distributed scheduler")
    parser.add_argument("--csv", type=Path, metavar="FILE.csv", help="write the results as CSV")


def run(args: argparse.Namespace) -> int:
    """Compute what is missing; the status is 0 also where single points were refused."""
    import os

    from ratecert.pipeline.threads import use_one_thread

    use_one_thread()
    from ratecert.commands.risk import whole
    from ratecert.io.certificates import check_writable, write_atomically
    from ratecert.numerics.sweeps.grid import compute, points_of
    from ratecert.numerics.sweeps.store import Store, csv_text, key_of
    from ratecert.numerics.sweeps.sweep import code_version, dask, processes, sweep
    from ratecert.pipeline.progress import progress
    from ratecert.proofs_check.language.errors import UserError

    try:
        data = args.grid.read_bytes()
    except OSError as error:
        raise UserError(f"{args.grid}: {error.strerror}; name a grid file") from None
    points = points_of(data, str(args.grid))
    if args.csv is not None:
        check_writable(args.csv)
    workers = os.cpu_count() or 1 if args.workers is None else whole(args.workers, "--workers")
    chosen = processes(workers) if args.scheduler is None else dask(args.scheduler)
    code = code_version()
    with Store(args.store) as store:
        with chosen as executor, progress("sweeping") as tell:
            tally = sweep(points, compute, store, executor, code=code, progress=tell)
        print(f"{len(points)} points: {tally.found} found, {tally.done} computed; {args.store}")
        if tally.refused:
            print(f"{tally.refused} of them have no result; the column `result.error` says why")
        if args.csv is not None:
            rows = {row.key: row for row in store}
            write_atomically(args.csv, csv_text(rows[key_of(p, code)] for p in points))
    return 0
