"""`specfuzz demo`: the shipped insecure API and its repaired twin, tested or just served."""

from __future__ import annotations

from specfuzz.cli.run import RunOptions, run


def demo(*, seed: int, verbose: bool) -> int:
    """Run against the insecure demo, then against the repaired twin; 0 if the first yields findings and the second none."""
    from specfuzz.cli.output import make_console
    from specfuzz.demo import ALL, running

    console = make_console()
    codes = []
    for title, weaknesses in (("The insecure API", ALL), ("Its repaired twin", frozenset[str]())):
        with running(weaknesses) as url:
            console.rule(f"[bold]{title}[/]")
            console.print(f"[dim]$ specfuzz run {url}/openapi.json --seed {seed}[/]")
            codes.append(run(RunOptions(spec=f"{url}/openapi.json", seed=seed, verbose=verbose)))
            console.print(f"[dim]exit code {codes[-1]}[/]\n")
    return 0 if codes == [1, 0] else 3


def serve(*, port: int, repaired: bool) -> int:
    """Serve the demo on 127.0.0.1 until it is interrupted."""
    from specfuzz.demo import ALL
    from specfuzz.demo import serve as serve_demo

    serve_demo(port, () if repaired else ALL)
    return 0
