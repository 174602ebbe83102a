"""Music made up for a real server: tones as WAV and FLAC, with tags, and a picture."""

import io
import math
import struct
import wave
import zlib
from dataclasses import dataclass
from pathlib import Path

from mutagen.flac import FLAC
from mutagen.id3 import TALB, TCON, TDRC, TIT2, TPE1
from mutagen.wave import WAVE

RATE = 8_000
BLOCK = 4_096


@dataclass(frozen=True)
class Song:
    title: str
    artist: str
    album: str = "Album"
    genre: str = "Folk"
    year: int = 1999
    seconds: float = 1.0
    form: str = "wav"


def songs_write(folder: Path, songs: list[Song], *, cover: bool = True) -> None:
    """Each as a file, in a folder for its artist and album."""
    for number, song in enumerate(songs):
        place = folder / song.artist / song.album
        place.mkdir(parents=True, exist_ok=True)
        if cover:
            (place / "cover.png").write_bytes(png())
        samples = tone(song.seconds, 220 + 10 * number)
        path = place / f"{number:05}.{song.form}"
        path.write_bytes(wav(samples) if song.form == "wav" else flac(samples))
        tag(path, song)


def tone(seconds: float, frequency: float) -> list[int]:
    return [int(9_000 * math.sin(2 * math.pi * frequency * n / RATE)) for n in range(int(seconds * RATE))]


def wav(samples: list[int]) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(RATE)
        sound.writeframes(struct.pack(f"<{len(samples)}h", *samples))
    return file.getvalue()


def flac(samples: list[int]) -> bytes:
    """The simplest that is valid: samples as they are, in frames with their checksums."""
    packed = (RATE << 44) | (0 << 41) | (15 << 36) | len(samples)
    info = struct.pack(">HH", BLOCK, BLOCK) + bytes(6) + packed.to_bytes(8) + bytes(16)
    frames = bytearray(b"fLaC" + b"\x80" + len(info).to_bytes(3) + info)
    for number, begin in enumerate(range(0, len(samples), BLOCK)):
        block = samples[begin : begin + BLOCK]
        head = b"\xff\xf8" + bytes([0b0111_0100, 0b0000_1000, number]) + (len(block) - 1).to_bytes(2)
        head += bytes([crc(head, 8, 0x07)])
        frame = head + b"\x02" + struct.pack(f">{len(block)}h", *block)
        frames += frame + crc(frame, 16, 0x8005).to_bytes(2)
    return bytes(frames)


def crc(data: bytes, bits: int, polynomial: int) -> int:
    value, top = 0, 1 << (bits - 1)
    for byte in data:
        value ^= byte << (bits - 8)
        for _ in range(8):
            value = ((value << 1) ^ polynomial if value & top else value << 1) & ((1 << bits) - 1)
    return value


def tag(path: Path, song: Song) -> None:
    if song.form == "flac":
        file = FLAC(path)
        file.update(
            title=song.title, artist=song.artist, album=song.album, genre=song.genre, date=str(song.year)
        )
    else:
        file = WAVE(path)  # type: ignore[assignment]
        file.add_tags()
        for frame in (TIT2, TPE1, TALB, TCON, TDRC):
            text = {TIT2: song.title, TPE1: song.artist, TALB: song.album, TCON: song.genre}.get(
                frame, str(song.year)
            )
            file.tags.add(frame(encoding=3, text=text))  # type: ignore[union-attr]
    file.save()


def png() -> bytes:
    """A green square of 8 × 8."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    rows = b"".join(b"\x00" + b"\x10\x80\x40" * 8 for _ in range(8))
    header = struct.pack(">IIBBBBB", 8, 8, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )
