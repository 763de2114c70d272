"""What an operator changes in the taxonomy for a region: the section `topics` of its file."""

from collections.abc import Iterable
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from schemas import Urgency
from text import lemmas

ALTERNATIVE = "|"
EXCEPT = "-"


class _Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Pattern:
    """A line of `words`: «снег|лёд свалка -вывезли» is snow or ice, and a dump, and not «вывезли», in any form."""

    def __init__(self, line: str) -> None:
        self.wanted: list[frozenset[str]] = []
        self.excluded: set[str] = set()
        for part in line.split():
            if part.startswith(EXCEPT):
                self.excluded.update(lemmas(part.removeprefix(EXCEPT)))
            else:
                self.wanted.append(frozenset(word for one in part.split(ALTERNATIVE) for word in lemmas(one)))

    def found(self, words: frozenset[str] | set[str]) -> list[str]:
        """The lemmas that fulfil it; none where one is missing or an excluded one is there."""
        if not self.excluded.isdisjoint(words):
            return []
        matched = [min(part & words) if part & words else "" for part in self.wanted]
        return matched if all(matched) else []


def _pattern(line: str) -> str:
    pattern = Pattern(line)
    if not pattern.wanted or not all(pattern.wanted):
        raise ValueError(f"в строке «{line}» нет слов, по которым узнавать тему: пишите так: снег|лёд свалка -вывезли")
    return line


Words = Annotated[str, AfterValidator(_pattern)]


class AddedTopic(_Settings):
    """A topic of the operator's own, known by its words."""

    id: str = Field(
        pattern=r"^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$", max_length=40, description="Короткое имя латиницей: не меняйте его."
    )
    name: str = Field(min_length=1, max_length=120, description="Название: так тема зовётся в ответах и событиях.")
    group: str = Field(description="Группа, к которой тема относится.")
    words: tuple[Words, ...] = Field(
        min_length=1,
        description="Строки слов в любой форме; подходит текст, где есть все слова какой-нибудь строки. "
        "Слова через черту — любое из них; слова с минусом быть не должно.",
    )
    examples: tuple[str, ...] = Field(default=(), description="Примеры текстов: check проверит, что слова их узнают.")
    urgency: Urgency = Field(default="normal", description="Обычная срочность темы.")

    def found(self, words: Iterable[str]) -> list[str]:
        """The lemmas by which a text with these lemmas is on this topic; none where it is not."""
        known = frozenset(words)
        return next((found for line in self.words if (found := Pattern(line).found(known))), [])


class TopicChanges(_Settings):
    rename: dict[str, Annotated[str, Field(min_length=1, max_length=120)]] = Field(
        default_factory=dict, description="Как показывать тему: `тема: название`. В событиях остаётся прежнее имя."
    )
    disable: tuple[str, ...] = Field(default=(), description="Темы, которые не предлагать никогда.")
    enable: tuple[str, ...] = Field(default=(), description="Темы, выключенные в программе, которые предлагать.")
    add: tuple[AddedTopic, ...] = Field(default=(), description="Свои темы: узнаются по словам.")
