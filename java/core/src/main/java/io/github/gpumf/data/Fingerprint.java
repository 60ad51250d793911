package io.github.gpumf.data;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/**
 * What {@link Ratings#fingerprint()} answers: the SHA-256 of sizes, ids, and the SHA-256 of each
 * piece of each column. Of pieces, since that of a whole column would be work for one thread: with
 * 25 million ratings as long as two epochs of a CPU take, and as forty of a GPU.
 */
final class Fingerprint {
  /** Bytes of a piece. */
  private static final int PIECE = 1 << 22;

  /** Bytes of the digest that are shown. */
  private static final int SHOWN = 16;

  private Fingerprint() {}

  static String of(Ratings ratings, Workers workers) {
    MessageDigest digest = sha256();
    digest.update(
        ByteBuffer.allocate(3 * Long.BYTES)
            .order(ByteOrder.LITTLE_ENDIAN)
            .putLong(ratings.size())
            .putLong(ratings.userCount())
            .putLong(ratings.itemCount())
            .flip());
    for (IdMap ids : List.of(ratings.users(), ratings.items())) {
      for (int index = 0; index < ids.size(); index++) {
        digest.update(ids.idOf(index).getBytes(StandardCharsets.UTF_8));
        digest.update((byte) 0);
      }
    }
    digest.update((byte) (ratings.hasTimestamps() ? 1 : 0));
    digest.update((byte) (ratings.hasWeights() ? 1 : 0));
    List<MemorySegment> pieces = new ArrayList<>();
    for (MemorySegment column : ratings.columns()) {
      for (long from = 0; from < column.byteSize(); from += PIECE) {
        pieces.add(column.asSlice(from, Math.min(PIECE, column.byteSize() - from)));
      }
    }
    byte[][] digests = new byte[pieces.size()][];
    workers.run(
        digests.length,
        piece -> {
          MessageDigest ofPiece = sha256();
          ofPiece.update(pieces.get(piece).asByteBuffer());
          digests[piece] = ofPiece.digest();
        });
    for (byte[] ofPiece : digests) {
      digest.update(ofPiece);
    }
    return HexFormat.of().formatHex(digest.digest(), 0, SHOWN);
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException missing) {
      throw new AssertionError("every Java platform has SHA-256", missing);
    }
  }
}
