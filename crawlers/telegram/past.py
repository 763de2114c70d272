"""A stretch of a channel's past by Telegram's API: for `crawlers.telegram.backfill`, while the account is connected."""

from contextlib import aclosing
from datetime import datetime

from telethon import errors
from telethon.tl import functions

from crawlers.base import Page
from crawlers.telegram import paging, problems
from crawlers.telegram.api import Pages, Visit
from crawlers.telegram.settings import TelegramCursor


class Past(Visit):
    """Like a visit, but between two numbers, and with all comments."""

    async def stretch(self, low: int) -> Pages:
        """Messages above `cursor.newest` and below `low` with their comments, oldest first. The cursor moves behind
        each post that is discussed.
        """
        try:
            async with aclosing(paging.between(self._history, self._cursor.newest, low)) as batches:
                async for batch in batches:
                    found = self._units(batch)
                    yield Page(self._drafts(found, batch), self._cursor)
                    for unit in found:
                        comments = [page.drafts async for page in self._comments(unit, kept=False)]
                        for drafts in comments[:-1]:
                            yield Page(drafts, self._cursor)
                        if comments:
                            self._set(newest=unit.last)
                            yield Page(comments[-1], self._cursor)
                    self._set(newest=batch.messages[-1].id)
                    yield Page([], self._cursor)
        except errors.ChannelInvalidError as error:
            raise problems.gone(self._channel) from error

    async def found(self) -> TelegramCursor:
        """The cursor with the channel looked up, where that was not done before."""
        await self._find()
        return self._cursor

    async def newest_before(self, moment: datetime) -> int:
        """The number of the last message that is older than `moment`; 0 where there is none.

        Telegram gives those before `offset_date`; of a hundred the dates are looked at all the same.
        """
        answer = await self._call(functions.messages.GetHistoryRequest(self._input, 0, moment, 0, paging.PAGE, 0, 0, 0))
        return max((one.id for one in answer.messages if one.date < moment), default=0)
