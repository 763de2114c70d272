"""What is collected by Telegram's API."""

from crawlers.telegram.settings import TelegramCursor
from schemas import Outcome, PostKind
from tests.crawlers.harness import drafts
from tests.crawlers.telegram.site import NAME, Site


def test_posts_albums_forwards_and_comments(site: Site) -> None:
    site.visit()
    posts = site.posts()
    trouble, album, forwarded = (posts[f"telegram:{NAME}/{number}"] for number in (3, 4, 9))
    assert trouble.text == "Улица Речная, 14: второй день нет горячей воды, жильцы греют чайники."
    assert (trouble.kind, trouble.published) == (PostKind.POST, site.channel.posts[3].at)
    assert trouble.url == f"https://t.me/{NAME}/3"
    assert [media.kind for media in album.media] == ["photo"] * 3
    assert album.text == "Фото дня: иней на набережной."
    assert [media.url for media in forwarded.media] == ["https://t.me/zhkh_ural/77"]
    assert posts[f"telegram:{NAME}/12"].text.count("\n") == 1
    comment, answer = posts["telegram:zavodskoy_talk/3"], posts["telegram:zavodskoy_talk/4"]
    for one in (comment, answer):
        assert (one.kind, one.parent, one.context) == (PostKind.COMMENT, trouble.id, trouble.text)
        assert one.parent_place_hint == "Магнитогорск"
    assert comment.url == f"https://t.me/{NAME}/3?comment=3"
    assert comment.author != answer.author
    assert "telegram:zavodskoy_talk/7" not in posts


def test_without_comments_nobody_asks_for_them(site: Site) -> None:
    site.visit(comments=False)
    assert set(site.posts()) == site.channel.ids(comments=False)
    assert site.simulator.called("GetReplies") == 0


def test_a_group_without_a_name_gives_its_number(site: Site) -> None:
    site.talk.name = None
    site.visit()
    assert set(site.posts()) == site.channel.ids()
    assert f"telegram:c/{site.talk.id}/3" in site.posts()


def test_a_public_chat_is_read_without_copies_of_the_channels_posts(site: Site) -> None:
    site.visit(channel="zavodskoy_talk")
    posts = site.posts()
    assert set(posts) == {f"telegram:zavodskoy_talk/{number}" for number in (3, 4, 6, 7)}
    answer = posts["telegram:zavodskoy_talk/4"]
    assert (answer.kind, answer.parent) == (PostKind.POST, "telegram:zavodskoy_talk/3")
    assert answer.context == "У нас на Речной, 16 то же самое, диспетчер не берёт трубку"


def test_edits_and_deletions_of_posts_and_comments_are_followed(site: Site) -> None:
    cursor = site.visit()[-1].cursor
    site.channel.edit(3, "Улица Речная, 14: воду дали.")
    site.channel.delete(8)
    site.talk.delete(4)
    new = site.channel.comment(3, "Дали, но холодную")
    site.visit(cursor)
    posts = site.posts()
    edited = posts[f"telegram:{NAME}/3"]
    assert edited.text == "Улица Речная, 14: воду дали."
    assert edited.revision == int(site.channel.posts[3].edited.timestamp())  # type: ignore[union-attr]
    gone, silent = posts[f"telegram:{NAME}/8"], posts["telegram:zavodskoy_talk/4"]
    assert (gone.deleted, gone.text, silent.deleted, silent.kind) == (True, "", True, PostKind.COMMENT)
    assert posts[f"telegram:zavodskoy_talk/{new.id}"].text == "Дали, но холодную"
    assert {id_ for id_, post in posts.items() if post.deleted} == {gone.id, silent.id}


def test_an_edited_comment_is_seen_within_hours(site: Site) -> None:
    cursor = site.visit()[-1].cursor
    site.talk.edit(6, "И на Садовой, 5 снова светло")
    again = site.visit(cursor)[-1].cursor
    assert site.posts()["telegram:zavodskoy_talk/6"].text == "И на Садовой, 5 темно, споткнулась вчера"
    site.here.clock.forward(hours=7)
    site.visit(again)
    assert site.posts()["telegram:zavodskoy_talk/6"].text == "И на Садовой, 5 снова светло"


def test_the_last_comment_of_a_thread_may_be_deleted(site: Site) -> None:
    cursor = site.visit()[-1].cursor
    site.talk.delete(6)
    again = site.visit(cursor)[-1].cursor
    assert [id_ for id_, post in site.posts().items() if post.deleted] == ["telegram:zavodskoy_talk/6"]
    before = len(site.numbers())
    site.visit(again)
    assert len(site.numbers()) == before


def test_an_album_keeps_its_number_when_its_first_picture_goes(site: Site) -> None:
    cursor = site.visit()[-1].cursor
    site.channel.delete(4)
    site.visit(cursor)
    album = site.posts()[f"telegram:{NAME}/4"]
    assert (album.deleted, len(album.media)) == (False, 2)
    assert f"telegram:{NAME}/5" not in site.posts()


def test_long_texts_nul_bytes_markup_and_names_of_persons(site: Site) -> None:
    usual = site.channel.add("Яма" + "!" * 4093)
    long = site.channel.add("Течёт. " * 2285 + "Конец")
    odd = site.channel.add("🔥 Ямы\0 на <Мира> & дожди, Иван Петров", named="Иван Петров")
    site.visit()
    posts = site.posts()
    assert posts[f"telegram:{NAME}/{long.id}"].text == long.text
    assert posts[f"telegram:{NAME}/{usual.id}"].text == usual.text
    assert (len(usual.text), len(long.text)) == (4096, 16_000)
    assert "Петров" not in posts[f"telegram:{NAME}/{odd.id}"].text
    assert posts[f"telegram:{NAME}/{odd.id}"].text.endswith("& дожди, [упоминание]")


def test_changing_from_the_web_page_to_the_api_doubles_nothing(site: Site) -> None:
    site.visit(comments=False)
    as_web = TelegramCursor(channel=NAME, newest=12, floor=2, recent={12: site.channel.posts[12].at})
    before = len(site.numbers())
    cursor = site.visit(as_web, comments=False)[-1].cursor
    assert len(site.numbers()) == before
    assert cursor.newest == 14


def test_a_renamed_channel_is_collected_on_and_keeps_its_numbers(site: Site) -> None:
    cursor = site.visit()[-1].cursor
    site.channel.name = "zavodskoy_novosti"
    site.channel.add("На Мира снова темно")
    found = site.problem(cursor)
    assert (found.outcome, found.reason, found.action) == (
        Outcome.CHANGED,
        f"канал {NAME} переименован в zavodskoy_novosti; его публикации собираются и дальше",
        "Укажите channel: zavodskoy_novosti; номера публикаций останутся прежними",
    )
    before = len(site.numbers())
    site.visit(cursor, channel="zavodskoy_novosti")
    assert len(site.numbers()) - before == 1
    assert site.numbers()[-1] == f"telegram:{NAME}/{max(site.channel.posts)}"


def test_every_comment_fits_the_page_that_brings_it(site: Site) -> None:
    found = drafts(site.visit())
    assert {draft.parent for draft in found if draft.kind is PostKind.COMMENT} == {
        f"telegram:{NAME}/3",
        f"telegram:{NAME}/12",
    }
