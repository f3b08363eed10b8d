"""Questions made from MultiCheckList's templates, the same in all languages.

A case fixes the English rows that are put into a test's templates, and two
names; its examples are all contexts with all questions. The official suites
were sampled with the `checklist` package and its lists of names, which are no
part of the table: these cases are others, made by the same templates.
"""

import random
import re
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tasks.sources import checklist_table
from tasks.sources.checklist_table import Entry, Test
from tasks.sources.source import FileSource
from xltransfer.errors import InputError

# Short names of the tests, which the examples' ids begin with.
TESTS = {
    "A is COMP than B. Who is more / less COMP?": "comparisons",
    "Intensifiers (very, super, extremely) and reducers "
    "(somewhat, kinda, etc)?": "intensifiers",
    "size, shape, age, color": "properties",
    "Profession vs nationality": "profession_nationality",
    "Animal vs Vehicle": "animal_vehicle",
    "Animal vs Vehicle v2": "animal_vehicle_v2",
}
# Men's names, as in the official tests, where adjectives agree.
NAMES = (
    *("Adam", "Alan", "Albert", "Andrew", "Arthur", "Bruno", "Carl", "Daniel"),
    *("David", "Edward", "Eric", "Felix", "Frank", "Gary", "George", "Henry"),
    *("Jack", "James", "Leo", "Martin", "Max", "Oscar", "Paul", "Peter"),
    *(
        "Philip",
        "Robert",
        "Roger",
        "Samuel",
        "Simon",
        "Thomas",
        "Tom",
        "Victor",
    ),
)
# Slots that are not named as their arguments are.
_ARGUMENTS = {"s": "state"}
_SLOT = re.compile(r"\{(?:\w:)?(\w+)(?:\.(\w+))?(?:\[(\d)\])?\}")
_SEPARATOR = re.compile(r"[,،，၊]+\s*,?\s*")
_SEPARATED_BY_SPACE = ("th",)
_PROPERTIES = ("p1", "v1", "p2", "v2")
_ARTICLE = re.compile(r"^(a|an|the) ")
# What stands before the first word of a sentence.
_BEGINNING = re.compile(r"(^|[.] )$")


@dataclass(frozen=True)
class Checklist(FileSource):
    """The examples of `cases` cases of each test, in one language.

    Yields `id`, `question`, `context` and `answers`, a text and its place. The
    id is `test-case-number`. What the language has no words for is left out:
    some cases in a few languages, and Quechua's first test of animals, whose
    answers are bent by the context's order.
    """

    path: str
    language: str
    cases: int = 200

    @property
    def paths(self) -> tuple[str, ...]:
        return (self.path,)

    def read(
        self, data_dir: Path | None
    ) -> Iterator[tuple[str, dict[str, Any]]]:
        (path,) = self.files(data_dir)
        tests = checklist_table.read(path, self.language)
        arguments: dict[str, list[Entry]] = {}
        for name, test in tests.items():
            # The second test of animals uses the first one's.
            arguments |= test.arguments
            short = TESTS.get(name, name)
            for case, chosen in enumerate(
                self._drawn(path, name, test, arguments)
            ):
                for number, one in enumerate(self._examples(test, chosen)):
                    context, question, answer = one
                    yield (
                        f"{path}: {name}",
                        {
                            "id": f"{short}-{case}-{number}",
                            "question": question,
                            "context": context,
                            "answers": ((answer, context.find(answer)),),
                        },
                    )

    def _drawn(
        self,
        path: Path,
        name: str,
        test: Test,
        arguments: Mapping[str, list[Entry]],
    ) -> list[dict[str, Entry]]:
        rng = random.Random(TESTS.get(name, name))
        try:
            return [_chosen(test, arguments, rng) for _ in range(self.cases)]
        except KeyError as error:
            raise InputError(
                f"{path}: the test {name!r} names {error}, but the table has "
                "no such rows."
            ) from error

    def _examples(
        self, test: Test, chosen: Mapping[str, Entry]
    ) -> list[tuple[str, str, str]]:
        found = [
            (
                self._filled(context, context, chosen, capitals=True),
                self._filled(question, context, chosen),
                self._filled(answer, context, chosen),
            )
            for context in test.contexts
            for question, answer in test.questions
        ]
        return [one for one in found if None not in one]

    def _filled(
        self,
        template: Entry,
        context: Entry,
        chosen: Mapping[str, Entry],
        *,
        capitals: bool = False,
    ) -> str | None:
        """Returns a sentence, or None without words for it."""
        told = {context.english}
        text = template.choose(_said(template, chosen) | told)
        if text is None:
            return None
        said = _said(context, chosen) | told | {template.english}
        parts, end = [], 0
        for match in _SLOT.finditer(text):
            name, index = _slot(match)
            value = self._value(chosen.get(name), said, index)
            if value is None:
                return None
            before = text[end : match.start()]
            if capitals and _BEGINNING.search(text[: match.start()]):
                value = value[:1].upper() + value[1:]
            parts += [before, value]
            end = match.end()
        return "".join(parts) + text[end:]

    def _value(
        self, entry: Entry | None, said: Set[str], index: int | None
    ) -> str | None:
        text = entry and entry.choose(said)
        if text is None or index is None:
            return text
        if self.language in _SEPARATED_BY_SPACE:
            forms = text.split()
        else:
            forms = _SEPARATOR.split(text)
        return forms[index] if index < len(forms) else None


def _chosen(
    test: Test, arguments: Mapping[str, list[Entry]], rng: random.Random
) -> dict[str, Entry]:
    """Draws what a case puts into the slots; KeyError where nothing could."""
    names = rng.sample(NAMES, 2)
    chosen = {
        f"first_name{suffix}": Entry(name, ((name, frozenset()),))
        for suffix, name in (("", names[0]), ("1", names[1]), ("2", names[1]))
    }
    english = [entry.english for entry in test.contexts]
    english += [entry.english for pair in test.questions for entry in pair]
    slots = sorted({slot for text in english for slot, _ in _slots(text)})
    if "v1" in slots:
        pair = sorted(rng.sample(range(len(arguments["property"])), 2))
        for number, at in enumerate(pair, start=1):
            entry = arguments["property"][at]
            chosen[f"p{number}"] = entry
            chosen[f"v{number}"] = rng.choice(arguments[entry.english])
    for slot in slots:
        if slot not in chosen:
            chosen[slot] = rng.choice(arguments[_ARGUMENTS.get(slot, slot)])
    return chosen


def _slots(text: str) -> list[tuple[str, int | None]]:
    return [_slot(match) for match in _SLOT.finditer(text)]


def _slot(match: re.Match) -> tuple[str, int | None]:
    """`{p.v1}` is the slot v1; `{adj[0]}` the first form of adj."""
    name, part, index = match.groups()
    return part or name, None if index is None else int(index)


def _said(template: Entry, chosen: Mapping[str, Entry]) -> set[str]:
    """Returns the English rows that bear on a template.

    A question about one of two properties is not bent by the other one.
    """
    asked = {
        slot[1:] for slot, _ in _slots(template.english) if slot in _PROPERTIES
    }
    entries = [
        entry
        for slot, entry in chosen.items()
        if not asked or slot not in _PROPERTIES or slot[1:] in asked
    ]
    rows = [entry.english for entry in entries]
    parts = {part for row in rows for part in (row, *row.split(", "))}
    # Placeholders name `a wall, the wall` by one of its forms or by `wall`.
    return parts | {_ARTICLE.sub("", part) for part in parts}
