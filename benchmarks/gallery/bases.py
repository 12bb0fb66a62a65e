"""The healthy recipes that faults are put into: five families, five kinds of data. Each learns in seconds."""

from __future__ import annotations

from gallery.recipe import Recipe

SEEDS = (0, 1, 2, 3)

BASES: dict[str, Recipe] = {
    "mlp-table-wine": Recipe("mlp", "wine", "table", "classes", (32, 32), 0.9, batch_size=16, epochs=30),
    "mlp-table-cancer": Recipe("mlp", "breast_cancer", "table", "one_unit", (32, 16), 0.92, epochs=20),
    "mlp-table-diabetes": Recipe("mlp", "diabetes", "table", "numbers", (16,), 0.25, epochs=15, learning_rate=5e-3),
    "mlp-table-housing": Recipe("mlp", "housing", "table", "numbers", (32, 32), 0.55, epochs=25),
    "mlp-image-digits": Recipe("mlp", "digits", "image", "classes", (64, 32), 0.9, epochs=20),
    "mlp-image-fashion": Recipe("mlp", "fashion", "image", "one_hot", (64, 32), 0.75, epochs=15),
    "mlp-text-spam": Recipe("mlp", "spam", "text", "one_unit", (16,), 0.88, epochs=12, learning_rate=3e-3),
    "mlp-speech": Recipe("mlp", "speech", "speech", "classes", (64, 64), 0.75, epochs=12),
    "mlp-sequence-pen": Recipe("mlp", "pen", "sequence", "classes", (32, 32), 0.85, epochs=25),
    "cnn-image-digits": Recipe("cnn", "digits", "image", "classes", (8, 16, 32), 0.9, epochs=15, learning_rate=2e-3),
    "cnn-image-fashion": Recipe("cnn", "fashion", "image", "one_hot", (8, 16, 32), 0.7, epochs=12),
    "cnn-text-spam": Recipe("cnn", "spam", "text", "one_unit", (16, 16), 0.88, epochs=8, learning_rate=2e-3),
    "cnn-speech": Recipe("cnn", "speech", "speech", "classes", (32, 32, 32), 0.85, epochs=12),
    "simple_rnn-sequence-pen": Recipe(
        "simple_rnn", "pen", "sequence", "classes", (48,), 0.85, activation="tanh", epochs=25, learning_rate=3e-3
    ),
    "simple_rnn-sequence-vowels": Recipe(
        "simple_rnn", "vowels", "sequence", "classes", (32,), 0.75, activation="tanh", epochs=25, learning_rate=3e-3
    ),
    "simple_rnn-image-digits": Recipe(
        "simple_rnn", "digits", "image", "one_hot", (48,), 0.85, activation="tanh", epochs=20, learning_rate=3e-3
    ),
    "simple_rnn-text-spam": Recipe(
        "simple_rnn", "spam", "text", "one_unit", (16,), 0.85, activation="tanh", epochs=8, learning_rate=2e-3
    ),
    "lstm-text-spam": Recipe("lstm", "spam", "text", "one_unit", (16,), 0.88, epochs=8, learning_rate=3e-3),
    "lstm-sequence-vowels": Recipe("lstm", "vowels", "sequence", "one_hot", (32,), 0.85, epochs=20, learning_rate=5e-3),
    "lstm-speech": Recipe("lstm", "speech", "speech", "classes", (32,), 0.7, epochs=12, learning_rate=5e-3),
    "lstm-image-digits": Recipe("lstm", "digits", "image", "classes", (32,), 0.88, epochs=15, learning_rate=5e-3),
    "transformer-text-spam": Recipe("transformer", "spam", "text", "one_unit", (16, 32), 0.88, epochs=8),
    "transformer-sequence-vowels": Recipe("transformer", "vowels", "sequence", "classes", (32, 64), 0.85, epochs=20),
    "transformer-speech": Recipe("transformer", "speech", "speech", "classes", (32, 64), 0.75, blocks=2, epochs=12),
    "transformer-image-digits": Recipe(
        "transformer", "digits", "image", "one_hot", (32, 64), 0.88, blocks=2, epochs=15
    ),
}
