"""What was found of a compiled program is found again."""

import jax
import jax.numpy as jnp

from xltransfer.topology import kept


def lowered(size: int) -> jax.stages.Lowered:
    return jax.jit(jnp.sin).lower(jax.ShapeDtypeStruct((size,), jnp.float32))


def test_a_program_is_compiled_once(tmp_path):
    made = []

    def facts(size: int) -> dict:
        def make() -> dict:
            made.append(size)
            return {"needed": size}

        device = jax.devices()[0]
        return kept.facts(tmp_path / "new", lowered(size), device, make)

    assert [facts(size)["needed"] for size in (3, 4, 3, 4)] == [3, 4, 3, 4]
    assert made == [3, 4]


def test_without_a_folder_nothing_is_kept(tmp_path):
    device = jax.devices()[0]
    made = iter([{"needed": 1}, {"needed": 2}])
    for value in (1, 2):
        found = kept.facts(None, lowered(3), device, lambda: next(made))
        assert found == {"needed": value}
    assert not [*tmp_path.iterdir()]
