"""What a person reads, in English and Chinese.

An entry of the catalogue (a technique, a problem, an error) keeps its own sentences beside its facts, as `Text`;
sentences that belong to no entry (labels of reports, of the command line, of signals) are in this room.
"""

from trainwell.locales.text import LANGUAGES, Language, Text, preferred_language

__all__ = ["LANGUAGES", "Language", "Text", "preferred_language"]
