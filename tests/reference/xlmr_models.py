"""XLM-R (`xlmr`) and XLM-R XL (`xlmr_xl`) with each head, at tiny size."""

import copy
from pathlib import Path

import torch
from recording import (
    VOCABULARY,
    Made,
    mask,
    mean,
    padded,
    randomised,
    record,
)
from torch.nn import functional
from transformers import (
    PretrainedConfig,
    XLMRobertaConfig,
    XLMRobertaForMaskedLM,
    XLMRobertaForMultipleChoice,
    XLMRobertaForQuestionAnswering,
    XLMRobertaForSequenceClassification,
    XLMRobertaForTokenClassification,
    XLMRobertaModel,
    XLMRobertaXLConfig,
    XLMRobertaXLForMaskedLM,
    XLMRobertaXLForMultipleChoice,
    XLMRobertaXLForQuestionAnswering,
    XLMRobertaXLForSequenceClassification,
    XLMRobertaXLForTokenClassification,
    XLMRobertaXLModel,
)

LABELS = 3
LENGTHS = [12, 7, 5]


def write(folder: Path) -> None:
    for variant, (config, kinds) in VARIANTS.items():
        for head, kind in kinds.items():
            made = HEADS[head](kind, _config(config))
            record(folder / f"{variant}_{head}", made)


def _config(kind: type) -> PretrainedConfig:
    return kind(
        vocab_size=VOCABULARY,
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=48,
        max_position_embeddings=40,
        type_vocab_size=1,
        layer_norm_eps=1e-5,
        num_labels=LABELS,
        attn_implementation="eager",
    )


def inputs(lengths: list[int], config: PretrainedConfig):
    return padded(lengths, first=4, pad=1, vocabulary=config.vocab_size)


def classifier(kind: type, config: PretrainedConfig) -> Made:
    tokens, lengths = inputs(LENGTHS, config)
    labels = torch.tensor([2, 0, 1])

    def forward(model, tokens):
        logits = model(tokens, attention_mask=mask(tokens, lengths)).logits
        return {"logits": logits}, functional.cross_entropy(logits, labels)

    model = randomised(kind(config))
    return Made(model, tokens, forward, {"lengths": lengths, "labels": labels})


def masked_lm(kind: type, config: PretrainedConfig) -> Made:
    tokens, lengths = inputs(LENGTHS, config)
    targets, _ = padded(LENGTHS, first=4, pad=-100)
    # Every third column is predicted; the first of each row among them.
    targets[:, torch.arange(12) % 3 != 0] = -100

    def forward(model, tokens):
        logits = model(tokens, attention_mask=mask(tokens, lengths)).logits
        return {"logits": logits}, functional.cross_entropy(logits.mT, targets)

    model = randomised(kind(config))
    return Made(
        model, tokens, forward, {"lengths": lengths, "targets": targets}
    )


def choice(kind: type, config: PretrainedConfig) -> Made:
    """Three questions with two choices each."""
    tokens, lengths = inputs([9, 12, 7, 8, 5, 4], config)
    labels = torch.tensor([1, 0, 1])

    def forward(model, tokens):
        kept = mask(tokens, lengths)
        logits = model(
            tokens.reshape(3, 2, -1), attention_mask=kept.reshape(3, 2, -1)
        ).logits
        loss = functional.cross_entropy(logits, labels)
        return {"logits": logits.flatten()}, loss

    model = randomised(kind(config))
    return Made(model, tokens, forward, {"lengths": lengths, "labels": labels})


def tagger(kind: type, config: PretrainedConfig) -> Made:
    tokens, lengths = inputs(LENGTHS, config)
    targets = torch.randint(0, LABELS, tokens.shape)
    targets[mask(tokens, lengths) == 0] = -100

    def forward(model, tokens):
        logits = model(tokens, attention_mask=mask(tokens, lengths)).logits
        return {"logits": logits}, functional.cross_entropy(logits.mT, targets)

    model = randomised(kind(config))
    return Made(
        model, tokens, forward, {"lengths": lengths, "targets": targets}
    )


def span(kind: type, config: PretrainedConfig) -> Made:
    """The second example has no answer: its first token stands for that."""
    tokens, lengths = inputs(LENGTHS, config)
    answers = torch.tensor([[3, 0, 2], [9, 0, 2]])

    def forward(model, tokens):
        kept = mask(tokens, lengths)
        found = model(tokens, attention_mask=kept)
        logits = torch.stack([found.start_logits, found.end_logits])
        outside = logits.masked_fill(kept == 0, -torch.inf)
        loss = functional.cross_entropy(
            outside.flatten(0, 1), answers.flatten()
        )
        return {"logits": logits}, loss

    config = copy.deepcopy(config)
    config.num_labels = 2
    model = randomised(kind(config))
    return Made(
        model, tokens, forward, {"lengths": lengths, "answers": answers}
    )


class Encoder(torch.nn.Module):
    """An encoder under the name that it has below a head."""

    def __init__(self, kind: type, config: PretrainedConfig) -> None:
        super().__init__()
        self.config = config
        self.roberta = kind(config, add_pooling_layer=False)

    def forward(self, tokens, kept):
        return self.roberta(
            tokens, attention_mask=kept, output_hidden_states=True
        ).hidden_states


def embedding(kind: type, config: PretrainedConfig) -> Made:
    """The last layer's mean, normalised; and others, without gradients."""
    tokens, lengths = inputs(LENGTHS, config)
    targets = torch.randn(3, config.hidden_size)

    def forward(model, tokens):
        kept = mask(tokens, lengths)
        states = model(tokens, kept)
        outputs = {
            "logits": functional.normalize(mean(states[-1], kept), dim=-1),
            "mean_0": mean(states[0], kept),
            "mean_1": mean(states[1], kept),
            "first_token_2": states[2][:, 0],
        }
        return outputs, functional.mse_loss(outputs["logits"], targets)

    model = randomised(Encoder(kind, config))
    return Made(
        model, tokens, forward, {"lengths": lengths, "targets": targets}
    )


class Retriever(torch.nn.Module):
    """XTREME-R's dual encoder: one encoder, its pooler, a plain scale."""

    def __init__(self, kind: type, config: PretrainedConfig) -> None:
        super().__init__()
        self.roberta = kind(config)
        self.scale = torch.nn.Parameter(torch.zeros(()))

    def forward(self, tokens, kept):
        pooled = self.roberta(tokens, attention_mask=kept).pooler_output
        return functional.normalize(pooled, dim=-1)


def retriever(kind: type, config: PretrainedConfig) -> Made:
    """Cross-entropy of each of three queries over the three candidates."""
    tokens, lengths = inputs([*LENGTHS, 5, 10, 8], config)

    def forward(model, tokens):
        queries, candidates = model(tokens, mask(tokens, lengths)).chunk(2)
        logits = model.scale * queries @ candidates.T
        loss = functional.cross_entropy(logits, torch.arange(3))
        return {"logits": logits}, loss

    model = randomised(Retriever(kind, config))
    with torch.no_grad():
        model.scale.fill_(5.3)
    return Made(model, tokens, forward, {"lengths": lengths})


HEADS = {
    "classifier": classifier,
    "masked_lm": masked_lm,
    "choice": choice,
    "tagger": tagger,
    "span": span,
    "embedding": embedding,
    "retriever": retriever,
}
VARIANTS = {
    "xlmr": (
        XLMRobertaConfig,
        {
            "classifier": XLMRobertaForSequenceClassification,
            "masked_lm": XLMRobertaForMaskedLM,
            "choice": XLMRobertaForMultipleChoice,
            "tagger": XLMRobertaForTokenClassification,
            "span": XLMRobertaForQuestionAnswering,
            "embedding": XLMRobertaModel,
            "retriever": XLMRobertaModel,
        },
    ),
    "xlmr_xl": (
        XLMRobertaXLConfig,
        {
            "classifier": XLMRobertaXLForSequenceClassification,
            "masked_lm": XLMRobertaXLForMaskedLM,
            "choice": XLMRobertaXLForMultipleChoice,
            "tagger": XLMRobertaXLForTokenClassification,
            "span": XLMRobertaXLForQuestionAnswering,
            "embedding": XLMRobertaXLModel,
            "retriever": XLMRobertaXLModel,
        },
    ),
}
