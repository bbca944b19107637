"""NFO files as people and programs write them, each with what it must say. All written for these tests.

What is not named in `expected` is not looked at there; `problem` is a part of the problem's text.
"""

from dataclasses import dataclass, field
from datetime import date
from typing import Any


@dataclass(frozen=True)
class Document:
    name: str
    content: bytes
    expected: list[dict[str, Any]] = field(default_factory=list)
    """Of each record."""
    problem: str | None = None


def text(content: str, encoding: str = "utf-8") -> bytes:
    return content.encode(encoding)


HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes" ?>\n'

FULL_MOVIE = (
    HEAD
    + """<movie>
    <title>The Lantern Keeper</title>
    <originaltitle>Le gardien de la lanterne</originaltitle>
    <sorttitle>Lantern Keeper, The</sorttitle>
    <ratings>
        <rating name="imdb" max="10"><value>7.300000</value><votes>12,345</votes></rating>
        <rating name="themoviedb" max="10" default="true"><value>7.1</value><votes>987</votes></rating>
        <rating name="metacritic" max="100"><value>68</value><votes></votes></rating>
        <rating name="broken" max="10"><value>good</value></rating>
        <rating name="beyond" max="10"><value>11</value></rating>
    </ratings>
    <userrating>9</userrating>
    <outline>A man keeps a light.</outline>
    <plot>On a rock in the sea a man keeps a light.
Nobody knows for whom.</plot>
    <tagline>Someone must.</tagline>
    <runtime>117</runtime>
    <thumb aspect="poster" preview="https://images.invalid/p.jpg">https://images.invalid/poster.jpg</thumb>
    <thumb aspect="landscape">https://images.invalid/land.jpg</thumb>
    <thumb aspect="clearlogo">https://images.invalid/logo.png</thumb>
    <thumb aspect="poster">file:///etc/passwd</thumb>
    <thumb aspect="poster">/srv/poster.jpg</thumb>
    <fanart><thumb preview="https://images.invalid/f.jpg">https://images.invalid/fan.jpg</thumb></fanart>
    <mpaa>Rated PG-13</mpaa>
    <uniqueid type="imdb" default="true">tt0111222</uniqueid>
    <uniqueid type="tmdb">4711</uniqueid>
    <uniqueid type="tmdb">4712</uniqueid>
    <uniqueid type="imdb">nonsense</uniqueid>
    <genre>Drama</genre>
    <genre>Sea / Mystery</genre>
    <genre>drama</genre>
    <country>France</country>
    <set><name>Lantern Collection</name><overview>Both of them.</overview></set>
    <tag>lighthouse</tag>
    <credits>Ana Writer</credits>
    <director>Bo Director</director>
    <premiered>1979-05-25</premiered>
    <year>1979</year>
    <studio>Rock Pictures</studio>
    <trailer>plugin://plugin.video.youtube/?action=play_video&amp;videoid=LjLamj-b0I8</trailer>
    <fileinfo><streamdetails>
        <video><codec>h264</codec><width>1920</width><height>1080</height>
            <durationinseconds>7020</durationinseconds></video>
        <audio><codec>ac3</codec><language>eng</language><channels>6</channels></audio>
        <subtitle><language>fre</language></subtitle>
    </streamdetails></fileinfo>
    <actor><name>Second</name><role>Wife</role><order>1</order></actor>
    <actor><name>First</name><role>Keeper</role><order>0</order><thumb>https://images.invalid/a.jpg</thumb></actor>
    <actor><role>Nobody</role></actor>
    <actor><name>Unordered</name><tmdbid>77</tmdbid></actor>
    <lockdata>true</lockdata>
    <lockedfields>Name|Overview</lockedfields>
    <watched>true</watched>
</movie>
"""
)

EPISODES = (
    HEAD
    + """<episodedetails>
    <title>Pilot, part one</title><showtitle>Harbour</showtitle><season>1</season><episode>1</episode>
    <displayseason>-1</displayseason><displayepisode>-1</displayepisode>
    <aired>2004-09-22</aired><plot>They arrive.</plot><uniqueid type="tvdb" default="true">127131</uniqueid>
    <actor><name>Guest Person</name><role>Man</role><type>GuestStar</type></actor>
    <thumb>https://images.invalid/still.jpg</thumb>
</episodedetails>
<episodedetails>
    <title>Pilot, part two</title><season>1</season><episode>2</episode><aired>2004-09-29</aired>
</episodedetails>
"""
)

DOCUMENTS = [
    Document(
        "a film with every field",
        text(FULL_MOVIE),
        [
            {
                "title": "The Lantern Keeper",
                "original_title": "Le gardien de la lanterne",
                "sort_title": "Lantern Keeper, The",
                "year": 1979,
                "premiered": date(1979, 5, 25),
                "plot": "On a rock in the sea a man keeps a light.\nNobody knows for whom.",
                "outline": "A man keeps a light.",
                "tagline": "Someone must.",
                "runtime_minutes": 117,
                "certifications": (("", "PG-13"),),
                "genres": ("Drama", "Sea", "Mystery"),
                "tags": ("lighthouse",),
                "studios": ("Rock Pictures",),
                "countries": ("France",),
                "collection": "Lantern Collection",
                "collection_overview": "Both of them.",
                "external_ids": (("imdb", "tt0111222"), ("tmdb", "4711")),
                "trailer": "https://www.youtube.com/watch?v=LjLamj-b0I8",
                "is_locked": True,
                "locked_fields": ("Name", "Overview"),
            }
        ],
    ),
    Document(
        "several episodes are several roots",
        text(EPISODES),
        [
            {
                "title": "Pilot, part one",
                "season": 1,
                "episode": 1,
                "display_season": None,
                "premiered": date(2004, 9, 22),
                "year": 2004,
                "external_ids": (("tvdb", "127131"),),
            },
            {"title": "Pilot, part two", "season": 1, "episode": 2, "plot": None},
        ],
    ),
    Document(
        "each root with a declaration of its own",
        text(EPISODES.replace("<episodedetails>", HEAD + "<episodedetails>")),
        [{"episode": 1}, {"episode": 2}],
    ),
    Document(
        "several episodes in one more element",
        text("<xbmcmultiepisode>" + EPISODES.removeprefix(HEAD) + "</xbmcmultiepisode>"),
        [{"episode": 1}, {"episode": 2}],
    ),
    Document(
        "a special that stands among others",
        text(
            "<episodedetails><title>Christmas</title><season>0</season><episode>3</episode>"
            "<displayseason>2</displayseason><displayepisode>4096</displayepisode>"
            "<airsbefore_season>3</airsbefore_season><airsbefore_episode>1</airsbefore_episode>"
            "<airsafter_season>2</airsafter_season></episodedetails>"
        ),
        [
            {
                "season": 0,
                "episode": 3,
                "display_season": 2,
                "display_episode": 4096,
                "airs_before_season": 3,
                "airs_before_episode": 1,
                "airs_after_season": 2,
            }
        ],
    ),
    Document(
        "a series",
        text(
            HEAD + "<tvshow><title>Harbour</title><plot>People meet ships.</plot><status>Ended</status>"
            "<premiered>2004-09-22</premiered><enddate>2010-05-23</enddate><mpaa>US:TV-14 / DE:16</mpaa>"
            '<namedseason number="1">The First Winter</namedseason><namedseason number="-1">All</namedseason>'
            '<thumb aspect="poster" type="season" season="1">https://images.invalid/s1.jpg</thumb>'
            '<thumb aspect="banner" type="season" season="-1">https://images.invalid/all.jpg</thumb>'
            '<id>73739</id><uniqueid type="tvdb" default="true">73739</uniqueid></tvshow>'
        ),
        [
            {
                "title": "Harbour",
                "status": "Ended",
                "ended": date(2010, 5, 23),
                "year": 2004,
                "certifications": (("US", "TV-14"), ("DE", "16")),
                "season_names": ((1, "The First Winter"),),
                "external_ids": (("tvdb", "73739"),),
            }
        ],
    ),
    Document(
        "a season",
        text(HEAD + "<season><title>The First Winter</title><seasonnumber>1</seasonnumber><year>2004</year></season>"),
        [{"title": "The First Winter", "season": 1, "year": 2004}],
    ),
    Document(
        "an artist",
        text(
            HEAD + "<artist><name>Low Tide</name><musicBrainzArtistID>5B11F4CE-A62D-471E-81FC-A69A8278C7DA"
            "</musicBrainzArtistID><sortname>Tide, Low</sortname><type>Group</type><disambiguation>Norwegian band"
            "</disambiguation><style>Shoegaze</style><mood>Calm</mood><formed>1987</formed><disbanded>1994-04-05"
            "</disbanded><biography>They played by the sea.</biography></artist>"
        ),
        [
            {
                "title": "Low Tide",
                "sort_title": "Tide, Low",
                "type": "Group",
                "disambiguation": "Norwegian band",
                "styles": ("Shoegaze",),
                "moods": ("Calm",),
                "year": 1987,
                "ended": date(1994, 4, 5),
                "plot": "They played by the sea.",
                "external_ids": (("musicbrainz_artist", "5b11f4ce-a62d-471e-81fc-a69a8278c7da"),),
            }
        ],
    ),
    Document(
        "an album by two",
        text(
            HEAD + "<album><title>Ebb</title><musicbrainzalbumid>1e477f68-c407-4eae-ad01-518528cedc2c"
            "</musicbrainzalbumid><musicbrainzreleasegroupid>2e477f68-c407-4eae-ad01-518528cedc2c"
            "</musicbrainzreleasegroupid><review>Quiet.</review><type>album / live</type><releasedate>1991-09-24"
            "</releasedate><label>Shore</label><compilation>false</compilation>"
            "<albumArtistCredits><artist>Low Tide</artist><musicBrainzArtistID>5b11f4ce-a62d-471e-81fc-a69a8278c7da"
            "</musicBrainzArtistID><joinphrase> feat. </joinphrase></albumArtistCredits>"
            "<albumArtistCredits><artist>The Gulls</artist></albumArtistCredits>"
            "<track><position>1</position><title>Foam</title><disc>1</disc></track></album>"
        ),
        [
            {
                "title": "Ebb",
                "type": "album / live",
                "plot": "Quiet.",
                "year": 1991,
                "studios": ("Shore",),
                "is_compilation": False,
                "external_ids": (
                    ("musicbrainz_release", "1e477f68-c407-4eae-ad01-518528cedc2c"),
                    ("musicbrainz_release_group", "2e477f68-c407-4eae-ad01-518528cedc2c"),
                ),
            }
        ],
    ),
    Document(
        "a link after the XML",
        text("<movie><title>A</title></movie>\nhttps://www.themoviedb.org/movie/348-some-film?language=de&page=1\n"),
        [{"title": "A", "external_ids": (("tmdb", "348"),)}],
    ),
    Document(
        "a link before the XML",
        text("https://www.imdb.com/title/tt0078748/\n<movie><title>A</title></movie>"),
        [{"title": "A", "external_ids": (("imdb", "tt0078748"),)}],
    ),
    Document(
        "the XML's own id is worth more than the link's",
        text('<movie><title>A</title><uniqueid type="tmdb">1</uniqueid></movie> https://www.themoviedb.org/movie/348'),
        [{"external_ids": (("tmdb", "1"),)}],
    ),
    Document(
        "nothing but a link",
        text("https://www.thetvdb.com/?tab=series&id=73739&lid=7\r\n"),
        [{"kind": "none", "title": None, "external_ids": (("tvdb", "73739"),)}],
    ),
    Document(
        "several links",
        text(
            "https://www.imdb.com/de/title/tt1234567/ and https://www.tvmaze.com/shows/82/x https://anidb.net/anime/4563"
        ),
        [{"external_ids": (("anidb", "4563"), ("imdb", "tt1234567"), ("tvmaze", "82"))}],
    ),
    Document(
        "a link to a record",
        text("https://musicbrainz.org/release/1E477F68-c407-4eae-ad01-518528cedc2c"),
        [{"external_ids": (("musicbrainz_release", "1e477f68-c407-4eae-ad01-518528cedc2c"),)}],
    ),
    Document(
        "a release group's drawing",
        "▄▄▄▄ ██▓▒░ T h E  G r O u P ░▒▓██ ▄▄▄▄ <-- & >>".encode("cp437", "replace"),
    ),
    Document(
        "a drawing with a link in it",
        "▓▒░ iMDB: http://www.imdb.com/title/tt0078748 ░▒▓".encode("cp437", "replace"),
        [{"kind": "none", "external_ids": (("imdb", "tt0078748"),)}],
    ),
    Document("an empty file", b""),
    Document("a file of spaces", b" \r\n\t "),
    Document("UTF-8 with a mark", b"\xef\xbb\xbf" + text("<movie><title>Zoë</title></movie>"), [{"title": "Zoë"}]),
    Document("UTF-16 with a mark", text("<movie><title>Zoë</title></movie>", "utf-16"), [{"title": "Zoë"}]),
    Document("UTF-16 without", text("<movie><title>Zoë</title></movie>", "utf-16-le"), [{"title": "Zoë"}]),
    Document("UTF-16, big first", text("<movie><title>Zoë</title></movie>", "utf-16-be"), [{"title": "Zoë"}]),
    Document(
        "declared UTF-16 and not it",
        text('<?xml version="1.0" encoding="utf-16"?><movie><title>Zoë</title></movie>'),
        [{"title": "Zoë"}],
    ),
    Document(
        "declared UTF-8 and Latin-1",
        text('<?xml version="1.0" encoding="utf-8"?><movie><title>Zoë</title></movie>', "latin-1"),
        [{"title": "Zoë"}],
    ),
    Document(
        "declared Latin-1 and UTF-8",
        text('<?xml version="1.0" encoding="iso-8859-1"?><movie><title>Zoë</title></movie>'),
        [{"title": "Zoë"}],
    ),
    Document(
        "Cyrillic as declared",
        text('<?xml version="1.0" encoding="windows-1251"?><movie><title>Сталкер</title></movie>', "cp1251"),
        [{"title": "Сталкер"}],
    ),
    Document(
        "an encoding nobody knows",
        text('<?xml version="1.0" encoding="klingon"?><movie><title>Zoë</title></movie>', "latin-1"),
        [{"title": "Zoë"}],
    ),
    Document(
        "a codec that is no encoding",
        b'<?xml version="1.0" encoding="rot13"?><movie><title>Zo\xeb</title></movie>',
        [{"title": "Zoë"}],
    ),
    Document(
        "ampersands as people write them",
        text(
            "<movie><title>Tom & Jerry &amp; Co</title>"
            "<plot>a&b &unknown; &eacute;&nbsp;&lt;i&gt; &#8217;</plot></movie>"
        ),
        [{"title": "Tom & Jerry & Co", "plot": "a&b &unknown; é\xa0<i> \u2019"}],
    ),
    Document(
        "references to what XML may not hold",
        text("<movie><title>A&#0;B&#x1F;C&#xD800;D&#1114112;E</title></movie>"),
        [{"title": "ABCDE"}],
    ),
    Document("control characters", b"<movie><title>A\x00B\x0bC</title></movie>", [{"title": "ABC"}]),
    Document(
        "tags in capitals", text("<MOVIE><Title>A</Title><YEAR>1999</YEAR></MOVIE>"), [{"title": "A", "year": 1999}]
    ),
    Document(
        "cut off in the middle",
        text("<movie><title>A</title><plot>It begins"),
        [{"title": "A", "plot": None}],
        problem="mismatched tag",
    ),
    Document(
        "an end that fits no beginning",
        text("<movie><title>A</title><year>1999</year><plot>B</plto></movie>"),
        [{"title": "A", "year": 1999, "plot": None}],
        problem="mismatched tag",
    ),
    Document(
        "an end of our own element",
        text("<movie><title>A</title></movie></nfo><movie><title>B</title></movie>"),
        [{"title": "A"}],
        problem="junk after document element",
    ),
    Document(
        "odd fields",
        text(
            "<movie><title>  A\n  B </title><year>MMXX</year><runtime>long</runtime><premiered>2020-13-45</premiered>"
            "<ratings><rating/></ratings><actor/><set/><uniqueid/><uniqueid type='x y'>1</uniqueid>"
            "<uniqueid type='tmdb'>-5</uniqueid><tmdbid>0</tmdbid><season>x</season><lockdata>maybe</lockdata></movie>"
        ),
        [
            {
                "title": "A B",
                "year": None,
                "runtime_minutes": None,
                "premiered": None,
                "ratings": (),
                "people": (),
                "collection": None,
                "external_ids": (),
                "is_locked": False,
            }
        ],
    ),
    Document(
        "the old way",
        text(
            "<movie><title>A</title><rating>6.4</rating><votes>1 234</votes><id>tt0123456</id>"
            "<runtime>2h 16min</runtime>"
            '<set tmdbcolid="10">Old Set</set><mpaa>Germany:12</mpaa><premiered>25.05.1979</premiered></movie>'
        ),
        [
            {
                "external_ids": (("imdb", "tt0123456"),),
                "runtime_minutes": 136,
                "collection": "Old Set",
                "collection_ids": (("tmdb", "10"),),
                "certifications": (("DE", "12"),),
                "premiered": date(1979, 5, 25),
            }
        ],
    ),
    Document("a kind we do not read", text("<musicvideo><title>A</title></musicvideo>")),
    Document(
        "an entity that would grow",
        text(
            '<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
            "<movie><title>&b;</title></movie>"
        ),
        problem="not well-formed",
    ),
    Document(
        "an entity that would read a file",
        text('<!DOCTYPE x [<!ENTITY x SYSTEM "file:///etc/passwd">]><movie><title>&x;</title></movie>'),
        problem="not well-formed",
    ),
    Document(
        "a declaration inside",
        text('<movie><title>A</title><!DOCTYPE x SYSTEM "http://tracker.invalid/x.dtd"></movie>'),
        [{"title": "A"}],
        problem="not well-formed",
    ),
    Document(
        "elements without end",
        text("<movie><title>A</title>" + "<a>" * 500),
        [{"title": "A"}],
        problem="deeper",
    ),
    Document(
        "more elements than anything has",
        text("<movie><title>A</title>" + "<tag>x</tag>" * 30_000 + "</movie>"),
        [{"title": "A"}],
        problem="more",
    ),
    Document("larger than any", b"<movie><title>A</title></movie>" + b" " * 2**21, problem="larger"),
]
