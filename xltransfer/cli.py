"""The commands. Heavy things are imported inside a command, when needed."""

import dataclasses
import importlib.util
import sys
import time
from pathlib import Path
from typing import Annotated, Any

import typer

from xltransfer import files, host_memory
from xltransfer.commands import data, evaluate, report, score
from xltransfer.commands import tasks as task_commands
from xltransfer.commands.options import (
    FOLDER,
    OVERRIDES,
    CacheDir,
    Coordinator,
    DataDir,
    Process,
    Processes,
    folder,
    quieten,
)
from xltransfer.errors import InputError

app = typer.Typer(
    help="Does an intermediate task in one language help another, zero-shot?",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
vocab = typer.Typer(help="SentencePiece vocabularies.", no_args_is_help=True)
app.add_typer(vocab, name="vocab")
app.add_typer(data.app, name="data")
app.add_typer(task_commands.app, name="tasks")
app.command()(score.score)
app.command()(report.report)
app.command(context_settings=OVERRIDES)(evaluate.evaluate)

OPTIONS = (
    "--out",
    "--data-dir",
    "--cache-dir",
    "--topology",
    "--price-per-chip-hour",
    "--retry-failed",
    "--profile",
    "--coordinator",
    "--processes",
    "--process",
    "--graph",
    "--help",
)

StudyFile = Annotated[Path, typer.Argument(help="A gin file.")]
Out = Annotated[
    Path | None,
    typer.Option(help="Where the study lives; runs/<study>.", **FOLDER),
]


def main() -> None:
    """Runs a command; the user's mistakes end in a message and exit code 2."""
    try:
        _check_tasks()
        app()
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)


@app.command(context_settings=OVERRIDES)
def run(
    context: typer.Context,
    study: StudyFile,
    out: Out = None,
    data_dir: DataDir = None,
    cache_dir: CacheDir = None,
    retry_failed: Annotated[
        bool, typer.Option(help="Try once more what failed before.")
    ] = False,
    profile: Annotated[
        int, typer.Option(min=0, help="Updates of a phase to trace for xprof.")
    ] = 0,
    coordinator: Coordinator = None,
    processes: Processes = None,
    process: Process = None,
) -> None:
    """Trains what is not yet trained, evaluates, and prints the table.

    Bindings are overridden by --gin.NAME=VALUE. Run on one folder by several
    workers at once, they share the work. A worker that has several hosts is
    started on all of them, with --coordinator.
    """
    quieten()
    from xltransfer import compiled, hosts

    with hosts.joined(coordinator, processes, process):
        found, workspace = _open(
            *(context, study, out, data_dir, cache_dir),
            writes=hosts.leads(),
        )
        if profile:
            execution = dataclasses.replace(
                workspace.execution, profile=profile
            )
            workspace = dataclasses.replace(workspace, execution=execution)
        compiled.keep(workspace.cache_dir)
        _carry_out(found, workspace, retry_failed)


def _carry_out(found: Any, workspace: Any, retry: bool) -> None:
    """Runs a study; only the first of several processes shows it."""
    from xltransfer import hosts
    from xltransfer import study as studies
    from xltransfer.interruption import EXIT_CODE, Interrupted
    from xltransfer.report import console
    from xltransfer.study import description

    if hosts.leads():
        description.write(found, workspace, ["xltransfer", *sys.argv[1:]])
    else:
        console.silence()
    console.print_plan(found, workspace)
    try:
        with console.ProgressDisplay() as display:
            studies.run(found, workspace, display, retry_failed=retry)
    except studies.PhasesFailed as failed:
        _print_results(found, workspace)
        print(f"error: {failed}", file=sys.stderr)
        raise typer.Exit(1) from None
    except Interrupted as stop:
        print(f"stopped: {stop}; the same command goes on.", file=sys.stderr)
        raise typer.Exit(EXIT_CODE) from None
    if hosts.leads():
        _print_results(found, workspace)


def _print_results(found: Any, workspace: Any) -> None:
    """Prints what the folder of a study says that has been carried out."""
    from xltransfer.report import console, evidence, study_folder

    said = evidence.conclusions(study_folder.read(workspace.out))
    console.print_results(found, workspace, said)


@app.command(context_settings=OVERRIDES)
def plan(
    context: typer.Context,
    study: StudyFile,
    out: Out = None,
    data_dir: DataDir = None,
    cache_dir: CacheDir = None,
    topology: Annotated[
        str | None,
        typer.Option(
            help="Compile every shape of phase for this machine, which need "
            "not be there: v5e:8x8, v4:2x2x4, v5e:16x16*2 (slices), local."
        ),
    ] = None,
    price_per_chip_hour: Annotated[
        float | None, typer.Option(help="With --topology: also the cost.")
    ] = None,
    graph: Annotated[
        Path | None,
        typer.Option(help="Also draws the phases into a .svg or .dot file."),
    ] = None,
) -> None:
    """Shows what a study would train, and what that takes; trains nothing."""
    from xltransfer import study as studies
    from xltransfer.report import console
    from xltransfer.report import graph as drawing

    opened = _open(
        *(context, study, out, data_dir, cache_dir),
        complete=False,
        topology=topology,
    )
    if graph is not None:
        drawing.write(graph, opened[0], studies.states(*opened))
    console.print_plan(*opened, whole=True)
    if topology is not None:
        asked = [str(study), *context.args]
        _print_budget(*opened, topology, price_per_chip_hour, asked)


@app.command(context_settings=OVERRIDES)
def prepare(
    context: typer.Context,
    study: StudyFile,
    out: Out = None,
    data_dir: DataDir = None,
    cache_dir: CacheDir = None,
) -> None:
    """Builds a study's vocabulary and caches, for a machine without SeqIO."""
    from xltransfer import study as studies

    found, workspace = _open(context, study, out, data_dir, cache_dir)
    for name in studies.prepare(found, workspace):
        print(f"prepared {name}")


@app.command()
def convert(
    source: Annotated[
        str,
        typer.Argument(
            help="hf:DIRECTORY or hub id, t5x:DIRECTORY or gs:// address, "
            "xl:CHECKPOINT, or a phase's folder."
        ),
    ],
    out: Annotated[Path, typer.Argument(help="The folder to make.", **FOLDER)],
    to: Annotated[str, typer.Option(help="hf, t5x or xl.")],
    head: Annotated[
        str | None,
        typer.Option(help="Which head, of a phase on several tasks."),
    ] = None,
) -> None:
    """Writes weights in another layout: Hugging Face, T5X or one's own."""
    quieten()
    from xltransfer import convert as conversion

    folder("OUT", out.absolute().parent)
    for note in conversion.convert(source, out, to, head):
        print(f"note: {note}", file=sys.stderr)
    print(out)


@vocab.command("train")
def train_vocabulary(
    texts: Annotated[list[Path], typer.Argument(help="UTF-8 text files.")],
    out: Annotated[Path, typer.Option(help="The model file to write.")],
    size: Annotated[int, typer.Option(help="All ids, special ones included.")],
    family: Annotated[str, typer.Option(help="xlmr or mt5.")] = "xlmr",
    model_type: Annotated[
        str, typer.Option(help="unigram, bpe, word or char.")
    ] = "unigram",
    character_coverage: Annotated[
        float, typer.Option(help="Share of characters that get a piece.")
    ] = 0.9995,
) -> None:
    """Trains a SentencePiece model with the id layout of a model family."""
    from tasks import vocabulary_training

    folder("--out", out.absolute().parent)
    if out.is_dir():
        raise InputError(f"--out {out}: a folder; name the file to write.")
    vocabulary_training.train_on_files(
        texts,
        out,
        family=family,
        size=size,
        model_type=model_type,
        character_coverage=character_coverage,
    )
    print(out)


def _print_budget(
    study: Any,
    workspace: Any,
    topology: str,
    price: float | None,
    asked: list[str],
) -> None:
    from xltransfer.budget import budget
    from xltransfer.report.budget import print_budget
    from xltransfer.topology import machine

    there = machine.find(topology)
    start = time.monotonic()

    def announce(text: str) -> None:
        passed = time.monotonic() - start
        print(f"{passed:6.0f} s  {text}", file=sys.stderr, flush=True)

    found = budget(study, workspace, there.chip, announce)
    has_data = workspace.data_dir is not None
    print_budget(found, there, price, asked, has_data)


def _placed(partitioning: Any, topology: str | None) -> Any:
    if topology is None:
        return partitioning
    from xltransfer.topology import machine

    return machine.find(topology).place(partitioning)


def _open(
    context: typer.Context,
    path: Path,
    out: Path | None,
    data_dir: Path | None,
    cache_dir: Path | None,
    *,
    writes: bool = True,
    complete: bool = True,
    topology: str | None = None,
) -> tuple:
    """Returns the study and its workspace, and writes `config.gin`.

    With a topology, its mesh is made of that machine's chips.
    """
    quieten()
    from xltransfer import configuration
    from xltransfer import study as studies
    from xltransfer.workspace import Workspace

    overrides = configuration.split_arguments(context.args, OPTIONS)
    # What it describes can be named in the study.
    data.data_folder(data_dir)
    study, text = configuration.load(path, overrides)
    most = max(one.config.vocab_size for one in study.variants.values())
    host_memory.keep_freed_memory(most)
    out = folder("--out", out or Path("runs") / study.name)
    workspace = Workspace(
        out=out,
        cache_dir=folder("--cache-dir", cache_dir or out / "cache"),
        data_dir=data_dir and data_dir.absolute(),
        partitioning=_placed(study.partitioning, topology),
        execution=study.execution,
    )
    studies.check(study, workspace, complete=complete)
    out.mkdir(parents=True, exist_ok=True)
    if writes:
        files.replace(out / "config.gin", text)
    return study, workspace


def _check_tasks() -> None:
    """`tasks` is an import name that others use too."""
    here = Path(__file__).resolve().parent.parent
    spec = importlib.util.find_spec("tasks")
    found = spec and (
        spec.origin or next(iter(spec.submodule_search_locations))
    )
    if found is None or here not in Path(found).resolve().parents:
        raise InputError(
            f"Another package named 'tasks' hides xltransfer's: {found}. "
            "Remove it from the Python path."
        )
