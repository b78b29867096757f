"""What `classify` needs: labelled tickets, the policy, and tables of weights."""

from datetime import date
from pathlib import Path

from ticketgate.adapters.config import labels_file
from ticketgate.adapters.config.labels_file import Labels
from ticketgate.adapters.config.weights_file import weights_text
from ticketgate.adapters.durable import replace_file
from ticketgate.domain.text.training import Trained, train
from ticketgate.operations.trying.evaluate import examples


def read_labels(path: Path) -> Labels:
    """Labelled tickets from a CSV file.

    Raises:
        ConfigurationError: with every fault of the file.
    """
    return labels_file.read_labels(path)


def train_weights(labels: Labels, positive: frozenset[str], day: date, out: Path) -> Trained:
    """Learn a table of weights from labelled tickets, and write it.

    Raises:
        ValueError: too few tickets of a side.
        OSError: it cannot be written.
    """
    found = examples(labels.rows, positive)
    trained = train(found)
    identity = sum(one.positive for one in found)
    text = weights_text(trained, day, labels.digest, identity, len(found) - identity)
    replace_file(out, text.encode())
    return trained
