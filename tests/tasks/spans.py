"""Undoing span corruption, to check it."""


def restored(
    inputs: list[int], targets: list[int], least_sentinel: int
) -> list[int]:
    """Puts the targets' spans back in the place of the inputs' sentinels."""
    spans: dict[int, list[int]] = {}
    for token in targets[:-1]:
        if token >= least_sentinel:
            spans[token] = current = []
        else:
            current.append(token)
    tokens = []
    for token in inputs[:-1]:
        tokens.extend(spans.get(token, [token]))
    return tokens
