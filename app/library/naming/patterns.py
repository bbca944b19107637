"""The words of release names. Compiled once; none of them nests repetition, so no name can make one slow."""

import re

_EDGE = r"(?<![^\W_])"
_END = r"(?![^\W_])"

FIRST_YEAR = 1888
"""The oldest film that survives."""
LAST_YEAR = 2035
"""An unbracketed number beyond is a title's: Blade Runner 2049, Cyberpunk 2077. Move it on now and then."""

_NUMBER = "[0-9]{1,9}"
PROVIDERS = {"tmdb": _NUMBER, "imdb": "tt[0-9]{7,9}", "tvdb": _NUMBER, "anidb": _NUMBER, "tvmaze": _NUMBER}

PROVIDER_ID = re.compile(
    r"[\[({]\s*(?:"
    + "|".join(rf"(?P<{name}>{name}(?:id)?\s*[-=:]\s*(?P<{name}_value>{value}))" for name, value in PROVIDERS.items())
    + r")\s*[\])}]",
    re.IGNORECASE,
)
BARE_IMDB = re.compile(rf"{_EDGE}(tt[0-9]{{7,8}}){_END}")
EDITION_TAG = re.compile(r"\{edition-([^{}]{1,100})\}", re.IGNORECASE)

BRACKETED_YEAR = re.compile(r"[(\[{]\s*((?:18|19|20)\d\d)\s*[)\]}]")
PLAIN_YEAR = re.compile(rf"{_EDGE}((?:18|19|20)\d\d){_END}(?!-\d\d-\d\d{_END})")
DATE = re.compile(rf"{_EDGE}(?:\d{{4}}[-. ]\d\d[-. ]\d\d|\d\d[-. ]\d\d[-. ]\d{{4}}){_END}")
OWNS_A_NUMBER = frozenset("of in the since until from before after anno year".split())  # noqa: SIM905  reads better
"""Words after which a year belongs to the title: Class of 1984."""

RELEASE_TAG = re.compile(
    rf"{_EDGE}(?:"
    r"(?:480|540|576|720|1080|1440|2160|4320)[pi]\d{0,2}|4k|8k|uhd|"
    r"[0-9]{3,4}[x*][0-9]{3,4}|(?:hdtv|dl|web|bd|br)(?:rip)?-?mux|hddvd|sdtv|ultra-?hd|"
    r"blu-?ray|bd-?rip|br-?rip|bd-?remux|bdmv|web-?dl|web-?rip|webhd|hdtv|pdtv|dsr|dvd-?rip|dvd-?scr|dvdr|dvd[59]|"
    r"hd-?rip|hd-?ts|hd-?cam|telesync|telecine|remux|vhs-?rip|tv-?rip|"
    r"3d[ ._-](?:h-?|half-?|full-?|f)?(?:sbs|ou|tab)|hdr|"
    r"[xh][ .]?26[45]|hevc|avc|xvid|divx|av1|vp9|mpeg-?2|10-?bit|8-?bit|hdr10|hdr10plus|dovi|sdr|"
    r"ac-?3|e-?ac-?3|dts|dts-?hd|dts-?x|true-?hd|atmos|aac(?:[ .]?\d[ .]\d)?|ddp?[ .]?\d[ .]\d|flac|opus|"
    r"h-?sbs|h-?ou|half-?sbs|half-?ou|full-?sbs|htab|"
    r"multi[ .-]?subs?|dual[ .-]?audio|proper|repack|internal|limited[ .](?=\d|blu|web|dvd)"
    rf"){_END}",
    re.IGNORECASE,
)
"""What no title holds in its middle. Words that titles do hold (real, extended, web, cam) are left out on purpose."""

EPISODE_TAIL = re.compile(
    RELEASE_TAG.pattern[: -len(rf"){_END}")]
    + r"|vostfr|vosta|hardsub|subbed|dubbed|complete|bd|dvd|web|hd|french|german|spanish|"
    r"english|eng[ .]dub|raw|audio[ .]latino|tv[ .-]?rip"
    rf"){_END}",
    re.IGNORECASE,
)
"""What ends the title of an episode, beside release tags: no film's title is cut there."""
LINES = frozenset({240, 360, 480, 540, 576, 720, 1080, 1440, 2160, 4320})

EDITION = re.compile(
    rf"{_EDGE}("
    r"director'?s?[ .]cut|(?:final|rough|assembly|alternate|alternative)[ .]cut|"
    r"(?:extended|theatrical|international|ultimate|special|collector'?s|(?:[0-9]{1,3}(?:st|nd|rd|th)[ .])?anniversary|"
    r"limited|deluxe|criterion|imax|unrated|uncut)(?:[ .](?:cut|edition|version|collection|enhanced))?|"
    r"(?:diamond|signature|platinum|golden|imperial|definitive|legacy|integral)[ .](?:edition|version)|"
    r"remastered|restored|redux|open[ .]matte|despeciali[sz]ed|uncensored|black[ .]and[ .]chrome|fan[ .]?edit"
    rf"){_END}",
    re.IGNORECASE,
)

EDITION_BEFORE_YEAR = re.compile(
    r"(?<=[\w!?.)])[ .]+(?:- )?\(?("
    r"director'?s?[ .]cut|(?:final|assembly|alternative|extended|theatrical|ultimate)[ .]cut|"
    r"(?:special|ultimate|extended|theatrical|unrated|collector'?s|criterion|imax|limited|anniversary)"
    r"[ .](?:edition|version|collection)|"
    r"(?-i:EXTENDED|UNRATED|UNCUT|REMASTERED|THEATR[iI]CAL|L[iI]M[iI]TED|IMAX|DESPECIALIZED)"
    r")\)?(?:[ .](?-i:HQ))?$",
    re.IGNORECASE,
)
"""At the end of what would be the title. A lone word only in capitals: South Park: Bigger, Longer & Uncut."""
ABBREVIATED_EDITION = re.compile(r"\W*(DC|SE|OM)(?![^\W_])")
EDITIONS = {"DC": "Director's Cut", "SE": "Special Edition", "OM": "Open Matte"}
SCENE_EDITION = re.compile(r"(?<=\w)[ .](SE|OM)$")
LANGUAGE_AT_END = re.compile(
    r"(?<=\w)(?:[ .](?:German|GERMAN|FRENCH|TRUEFRENCH|SPANISH|iTALiAN|ITALIAN|ENGLISH|RUSSIAN|"
    r"SWiSSGERMAN|ITA|iTA|ENG|DL|AC3D|MULTi|MULTI|Dubbed|HQ|STV|DOKU|COMPLETE|READNFO|NFOFiX|CONVERT))+$"
)
"""Between a title and the first release tag."""

SITE = re.compile(
    r"\s*(?:from )?\[?[ .]*www\.[\w-]{1,40}\.[a-z]{2,6}(?:\.[a-z]{2})?[ .]*\]?[ .]*(?:-[ .]*)?", re.IGNORECASE
)
RESOLUTION = re.compile(
    rf"{_EDGE}(?:(480|540|576|720|1080|1440|2160|4320)[pi]\d{{0,2}}|(4k|uhd)|(8k)){_END}", re.IGNORECASE
)
THREE_D = re.compile(rf"{_EDGE}(3d|h-?sbs|half-?sbs|full-?sbs|sbs|h-?ou|half-?ou|htab|h-?tab){_END}", re.IGNORECASE)
HDR = re.compile(rf"{_EDGE}(hdr10\+|hdr10plus|hdr10|hdr|dolby[ .]vision|dovi|dv|hlg){_END}", re.IGNORECASE)
SOURCE = re.compile(rf"{_EDGE}(remux|blu-?ray|web-?dl|web-?rip|hdtv|dvd-?rip|bd-?rip|br-?rip){_END}", re.IGNORECASE)

PART = re.compile(r"(?:^|[ _.(\[-])(?:cd|dvd|part|pt|disc|disk)[ _.-]?([1-9]|[a-d])[)\]]?$", re.IGNORECASE)

EXTRA_SUFFIX = re.compile(
    r"(?:(?:[-._]| - |(?<=[)\]]) )(trailer|sample)"
    r"|-(scene|clip|interview|behindthescenes|deleted|deletedscene|featurette|short|extra|other))$",
    re.IGNORECASE,
)
"""Only the dash marks most of them: The.Big.Short is no short."""
EXTRA_KINDS = {
    "behindthescenes": "behind_the_scenes",
    "deleted": "deleted_scene",
    "deletedscene": "deleted_scene",
    "extra": "other",
    "theme": "theme_song",
}
WHOLE_NAME_EXTRAS = frozenset({"trailer", "sample", "theme"})

PART_OF = re.compile(r"[ _.(\[-]cd[ ._]?([1-9])[ ._]?of[ ._]?[1-9](?![^\W_])[)\]]?", re.IGNORECASE)
TAG_IN_PARENS = re.compile(
    r"[ .]*\((?:vhs|dvd|bd|" + RELEASE_TAG.pattern[len(_EDGE) + len("(?:") : -len(rf"){_END}")] + r")\)", re.IGNORECASE
)
ORDERED = re.compile(r"\s*(?:\([0-9]{1,2}\)\s*(?=[A-Z])|(?:[0-9]{2} - |[0-9]{1,2}\. )(?=[^\W\d_]))")
"""What people put before films to order them: `01 - Dr. No`."""
VERSION_AT_END = re.compile(r"(?<=\w)[ ._]v[0-9]$")

GENERIC = re.compile(
    r"(?:movie|film|video|main|feature|title[ _]?\d*|index|vts[ _]\d+[ _]\d+|\d{5}|disc|disk)", re.IGNORECASE
)
"""Names that say nothing; the folder's is better."""

TRAILING_GROUP = re.compile(r"[ ._]*(?:\[[^\[\]]*\]|\([^()]*\)|\{[^{}]*\})[ ._]*$")
LEADING_GROUP = re.compile(r"\s*\[([^\[\]]{1,60})\]\s*")
SQUARE_OR_CURLY = re.compile(r"\[[^\[\]]*\]|\{[^{}]*\}")
EMPTY_BRACKETS = re.compile(r"\(\s*\)|\[\s*\]|\{\s*\}")
BRACKETED_TITLES = frozenset({"rec"})
"""Films that are called by a word in brackets, where others put the releasing group."""

INITIALS = re.compile(r"(?<![^\W_])(?:[A-Za-z]\.){2,}(?:[A-Za-z](?![^\W_]))?")
