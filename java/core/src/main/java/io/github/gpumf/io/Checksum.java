package io.github.gpumf.io;

import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.zip.CRC32C;

/**
 * The checksum that our safetensors files carry, so that any altered byte is found: the CRC-32C of
 * the whole file with the checksum's own eight digits as zeros. It is the first entry of the
 * metadata, which come first in the header, so its place is fixed; any change of a single byte is
 * found for certain, since a CRC finds every burst of up to 32 bits.
 */
final class Checksum {
  static final String KEY = "gpumf.crc32c";

  /** Digits before they are known, and what they count as. */
  static final String ZEROS = "00000000";

  /** How the header of a file with a checksum begins. */
  static final String HEADER_START = "{\"__metadata__\":{\"" + KEY + "\":\"";

  /** Where in the header the digits are. */
  static final int DIGITS_AT = HEADER_START.length();

  /** A ByteBuffer reaches 2 GiB, so memory goes in pieces. */
  private static final long PIECE = 1 << 28;

  private final CRC32C crc = new CRC32C();

  void update(MemorySegment bytes) {
    for (long from = 0; from < bytes.byteSize(); from += PIECE) {
      crc.update(bytes.asSlice(from, Math.min(PIECE, bytes.byteSize() - from)).asByteBuffer());
    }
  }

  void update(String ascii) {
    crc.update(ascii.getBytes(StandardCharsets.US_ASCII));
  }

  /** Eight lower-case hexadecimal digits. */
  String digits() {
    return HexFormat.of().toHexDigits(crc.getValue(), ZEROS.length());
  }
}
