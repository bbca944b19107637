"""Words that parsers know: what is thrown at them is made of these too, or most of it would be refused at the door."""

# ruff: noqa: E501
import base64

WORDS = [
    b"bytes=", b"0-", b"-5", b"9-3", b",", b"0-18446744073709551616", b" ", b"\t", b"\0", b"\r\n", b"\xff", b"\xed\xa0\x80",
    b"Bearer ", b"bearer", b"Basic ", b"rva_", b"rvm_", b"A" * 43, b"_", b"-", b'"1"', b'W/"1"', b"*", b'"1-2"',
    b"Thu, 01 Jan 1970 00:00:00 GMT", b"Fri, 31 Dec 9999 23:59:59 -9999", b"1-2-3", b"9" * 20, b"0", b"1h30m", b"7d",
    b"0.000000001ns", b"\xc2\xb5s", b"CRON_TZ=Europe/Berlin ", b"* * * * *", b"@every 1s", b"*/5", b"1-5/0", b"SUN",
    b"Season 1", b"S01E02", b"(1927)", b"/", b".", b"..", b".srt", b".nfo", b".en.forced", b"poster.jpg", b"tmdbid-1",
    b"pt-BR", b"zh_hant", b"es-419", b"iw", b"<movie>", b"</movie>", b"<title>", b"&amp;", b"&#x41;", b"&#55296;",
    b"<!DOCTYPE a [<!ENTITY b 'c'>]>", b"<![CDATA[", b"<?xml encoding='utf-16'?>", b"\xff\xfe", b"\xfe\xff",
    b"ID3\x04\0\0\0\0\0\x7f", b"TIT2\0\0\0\x05\0\0\x03", b"fLaC\0\0\0\x22", b"OggS", b"\x03vorbis", b"OpusTags",
    b"APETAGEX\xd0\x07\0\0", b"RIFF\xff\xff\xff\xffWAVE", b"\0\0\0\x20ftypM4A ", b"moov", b"ilst", b"trkn",
    b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", b"\x89PNG\r\n\x1a\n", b"IHDR", b"GIF89a", b"\xff\xd8\xff\xe0", b"\xff\xc0\0\x11",
    b"RIFF\0\0\0\0WEBPVP8X", b"ftypavif", b"ispe", b"\xff" * 8, b"\0" * 8, b"localhost", b"127.0.0.1", b"[::1]", b":8484",
    b"rvs1.", b"rvs1.0123456789abcdef.", base64.b64encode(b"k" * 32), b"eyJpZCI6MX0=",
]  # fmt: skip
