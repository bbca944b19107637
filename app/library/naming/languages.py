"""What people write for a language in a file's name → BCP-47.

ISO 639-1, 639-2/B and 639-2/T, names in English and the language itself, regions (`pt-BR`) and scripts (`zh-Hant`).
"""

import re
from functools import lru_cache

_ISO_639 = """
aa=aar ab=abk ae=ave af=afr ak=aka am=amh an=arg ar=ara as=asm av=ava ay=aym az=aze ba=bak be=bel bg=bul bh=bih
bi=bis bm=bam bn=ben bo=bod=tib br=bre bs=bos ca=cat ce=che ch=cha co=cos cr=cre cs=ces=cze cu=chu cv=chv
cy=cym=wel da=dan de=deu=ger dv=div dz=dzo ee=ewe el=ell=gre en=eng eo=epo es=spa et=est eu=eus=baq fa=fas=per
ff=ful fi=fin fj=fij fo=fao fr=fra=fre fy=fry ga=gle gd=gla gl=glg gn=grn gu=guj gv=glv ha=hau he=heb hi=hin
ho=hmo hr=hrv ht=hat hu=hun hy=hye=arm hz=her ia=ina id=ind ie=ile ig=ibo ii=iii ik=ipk io=ido is=isl=ice it=ita
iu=iku ja=jpn jv=jav ka=kat=geo kg=kon ki=kik kj=kua kk=kaz kl=kal km=khm kn=kan ko=kor kr=kau ks=kas ku=kur
kv=kom kw=cor ky=kir la=lat lb=ltz lg=lug li=lim ln=lin lo=lao lt=lit lu=lub lv=lav mg=mlg mh=mah mi=mri=mao
mk=mkd=mac ml=mal mn=mon mr=mar ms=msa=may mt=mlt my=mya=bur na=nau nb=nob nd=nde ne=nep ng=ndo nl=nld=dut nn=nno
no=nor nr=nbl nv=nav ny=nya oc=oci oj=oji om=orm or=ori os=oss pa=pan pi=pli pl=pol ps=pus pt=por qu=que rm=roh
rn=run ro=ron=rum ru=rus rw=kin sa=san sc=srd sd=snd se=sme sg=sag si=sin sk=slk=slo sl=slv sm=smo sn=sna so=som
sq=sqi=alb sr=srp ss=ssw st=sot su=sun sv=swe sw=swa ta=tam te=tel tg=tgk th=tha ti=tir tk=tuk tl=tgl tn=tsn
to=ton tr=tur ts=tso tt=tat tw=twi ty=tah ug=uig uk=ukr ur=urd uz=uzb ve=ven vi=vie vo=vol wa=wln wo=wol xh=xho
yi=yid yo=yor za=zha zh=zho=chi zu=zul
"""
"""639-1, 639-2/T, and 639-2/B where it differs."""

_NAMES = """
ar=arabic bg=bulgarian=български bn=bengali bs=bosnian=bosanski ca=catalan=català=valencian cs=czech=čeština
da=danish=dansk de=german=deutsch el=greek=ελληνικά en=english es=spanish=castilian=español=espanol
et=estonian=eesti eu=basque=euskara fa=persian=farsi fi=finnish=suomi fil=filipino fr=french=français=francais
gl=galician=galego he=hebrew=עברית hi=hindi hr=croatian=hrvatski hu=hungarian=magyar hy=armenian id=indonesian
is=icelandic=íslenska it=italian=italiano ja=japanese=日本語 ka=georgian kk=kazakh km=khmer kn=kannada ko=korean=한국어
lt=lithuanian=lietuvių lv=latvian=latviešu mk=macedonian=македонски ml=malayalam mn=mongolian mr=marathi ms=malay
my=burmese nb=bokmål nl=dutch=nederlands=flemish no=norwegian=norsk pa=punjabi pl=polish=polski
pt=portuguese=português=portugues ro=romanian=română ru=russian=русский sk=slovak=slovenčina
sl=slovenian=slovenščina sq=albanian=shqip sr=serbian=srpski=српски sv=swedish=svenska ta=tamil te=telugu th=thai
tl=tagalog tr=turkish=türkçe uk=ukrainian=українська ur=urdu vi=vietnamese yue=cantonese zh=chinese=mandarin=中文
"""

_COUNTRIES = """
AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ CA
CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA
GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP
KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS
MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS
RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW
TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW
"""

_WITHOUT_TWO_LETTERS = "fil yue haw gsw ast nds hmn chr grc sco ceb kab ber tlh"

_IDIOMS = {
    "chs": "zh-Hans",
    "cht": "zh-Hant",
    "zhs": "zh-Hans",
    "zht": "zh-Hant",
    "gb": "zh-Hans",
    "big5": "zh-Hant",
    "sc": "zh-Hans",
    "tc": "zh-Hant",
    "simplified chinese": "zh-Hans",
    "chinese simplified": "zh-Hans",
    "traditional chinese": "zh-Hant",
    "chinese traditional": "zh-Hant",
    "简体": "zh-Hans",
    "繁體": "zh-Hant",
    "简体中文": "zh-Hans",
    "繁體中文": "zh-Hant",
    "cmn": "zh",
    "jp": "ja",
    "jap": "ja",
    "pob": "pt-BR",
    "ptbr": "pt-BR",
    "pb": "pt-BR",
    "brazilian": "pt-BR",
    "brazilian portuguese": "pt-BR",
    "portuguese brazilian": "pt-BR",
    "european portuguese": "pt-PT",
    "latin american spanish": "es-419",
    "spanish latin american": "es-419",
    "latino": "es-419",
    "european spanish": "es-ES",
    "spa la": "es-419",
    "canadian french": "fr-CA",
    "vff": "fr-FR",
    "vfq": "fr-CA",
    "ua": "uk",
    "gr": "el",
    "cz": "cs",
    "se": "sv",
    "dk": "da",
    "kr": "ko",
    "scc": "sr",
    "scr": "hr",
    "mol": "ro",
    "iw": "he",
    "in": "id",
}
"""What is written though no standard says so. `se`, `sc` and `kr` are read as those who name subtitles mean them."""


def _table() -> dict[str, str]:
    table: dict[str, str] = {}
    for entry in _ISO_639.split():
        two, *three = entry.split("=")
        table |= dict.fromkeys((two, *three), two)
    for entry in _NAMES.split():
        code, *names = entry.split("=")
        table |= dict.fromkeys(names, code)
    return table | {code: code for code in _WITHOUT_TWO_LETTERS.split()} | _IDIOMS


COUNTRIES = frozenset(_COUNTRIES.split())
_LANGUAGES = _table()
_TAG = re.compile(r"([a-z]{2,3})[-_]([a-z]{4})?[-_]?([a-z]{2}|[0-9]{3})?")


@lru_cache(maxsize=1024)
def language_of(word: str) -> str | None:
    """Return the BCP-47 tag of a word or two, None for what is no language."""
    plain = word.casefold().strip()
    if (found := _LANGUAGES.get(plain)) is not None:
        return found
    tag = _TAG.fullmatch(plain)
    if tag is None or (language := _LANGUAGES.get(tag[1])) is None or "-" in language:
        return None
    if tag[3] is not None and not tag[3].isdigit() and tag[3].upper() not in COUNTRIES:
        return None
    return "-".join([language, *([tag[2].title()] if tag[2] else []), *([tag[3].upper()] if tag[3] else [])])
