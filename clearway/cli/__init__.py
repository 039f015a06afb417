"""The command line: `clearway <noun> <verb>`. Heavy imports wait until a command needs them."""


def main() -> None:
    """Run the command line."""
    from clearway.cli.app import app, run

    run(app)
