package io.github.gpumf.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class SplitterTest {
  /** The value of a row is its number, so a part tells which rows it has. */
  private static Ratings numbered(int rows) {
    Random random = new Random(rows);
    Ratings.Builder builder = Ratings.builder(IdMap.dense(7), IdMap.dense(5), rows, true, true);
    for (int row = 0; row < rows; row++) {
      builder
          .set(row, random.nextInt(7), random.nextInt(5), row)
          .timestamp(row, random.nextInt(20))
          .weight(row, 1 + row);
    }
    return builder.build();
  }

  /** The parts together have every row once, in order, unchanged. */
  private static void assertPartition(Ratings whole, Split split) {
    assertEquals(whole.size(), split.train().size() + split.test().size());
    boolean[] seen = new boolean[(int) whole.size()];
    for (Ratings part : List.of(split.train(), split.test())) {
      assertSame(whole.users(), part.users());
      assertSame(whole.items(), part.items());
      int last = -1;
      for (long row = 0; row < part.size(); row++) {
        int source = (int) part.value(row);
        assertTrue(source > last, "order is kept");
        last = source;
        assertTrue(!seen[source], "row " + source + " once");
        seen[source] = true;
        assertEquals(whole.user(source), part.user(row));
        assertEquals(whole.item(source), part.item(row));
        assertEquals(whole.timestamp(source), part.timestamp(row));
        assertEquals(whole.weight(source), part.weight(row));
      }
    }
  }

  @Test
  void randomHoldsOutExactlyTheFraction() {
    for (int rows : new int[] {0, 1, 2, 3, 10, 31, 1000}) {
      Ratings whole = numbered(rows);
      for (double fraction : new double[] {0.001, 0.1, 1.0 / 3, 0.5, 0.999}) {
        Split split = Splitter.random(whole, fraction, 4);
        assertEquals(Math.round(fraction * rows), split.test().size());
        assertPartition(whole, split);
      }
    }
  }

  @Test
  void seedMakesTheSplit() {
    Ratings whole = numbered(500);
    String first = Splitter.random(whole, 0.2, 1).test().fingerprint();
    assertEquals(first, Splitter.random(whole, 0.2, 1).test().fingerprint());
    assertNotEquals(first, Splitter.random(whole, 0.2, 2).test().fingerprint());
    assertNotEquals(
        Splitter.kFold(whole, 5, 1).get(0).test().fingerprint(),
        Splitter.kFold(whole, 5, 2).get(0).test().fingerprint());
  }

  /** Every row is held out in about 200 of 1000 seeds; 5 standard deviations are 63. */
  @Test
  void everyRowIsEquallyLikelyToBeHeldOut() {
    Ratings whole = numbered(50);
    int[] heldOut = new int[50];
    for (long seed = 0; seed < 1000; seed++) {
      Ratings test = Splitter.random(whole, 0.2, seed).test();
      for (long row = 0; row < test.size(); row++) {
        heldOut[(int) test.value(row)]++;
      }
    }
    for (int count : heldOut) {
      assertEquals(200, count, 63);
    }
  }

  @Test
  void fractionMustBeBetween0And1() {
    Ratings whole = numbered(5);
    for (double bad : new double[] {0, 1, -0.1, 1.5, Double.NaN}) {
      Thrown.assertIllegal(Double.toString(bad), () -> Splitter.random(whole, bad, 0));
    }
  }

  @Test
  void leaveLastOutTakesTheLatestOfEachUser() {
    Ratings whole =
        Ratings.builder(IdMap.dense(4), IdMap.dense(5), 6, true, false)
            .set(0, 0, 0, 0)
            .timestamp(0, 9)
            .set(1, 1, 1, 1)
            .timestamp(1, 5)
            .set(2, 0, 2, 2)
            .timestamp(2, 3)
            .set(3, 1, 3, 3)
            .timestamp(3, 5)
            .set(4, 2, 4, 4)
            .timestamp(4, 1)
            .set(5, 1, 0, 5)
            .timestamp(5, -5)
            .build();
    Split split = Splitter.leaveLastOut(whole);
    assertPartition(whole, split);
    assertEquals(2, split.test().size());
    assertEquals(0, split.test().value(0));
    assertEquals(3, split.test().value(1));
    Ratings many = numbered(300);
    assertPartition(many, Splitter.leaveLastOut(many));
    assertEquals(7, Splitter.leaveLastOut(many).test().size());
  }

  @Test
  void timeCutHoldsOutWhatIsAtOrAfter() {
    Ratings whole = numbered(300);
    Split split = Splitter.timeCut(whole, 12);
    assertPartition(whole, split);
    for (long row = 0; row < split.train().size(); row++) {
      assertTrue(split.train().timestamp(row) < 12);
    }
    for (long row = 0; row < split.test().size(); row++) {
      assertTrue(split.test().timestamp(row) >= 12);
    }
    assertEquals(0, Splitter.timeCut(whole, 20).test().size());
    assertEquals(0, Splitter.timeCut(whole, Long.MIN_VALUE).train().size());
  }

  @Test
  void timestampsMustBeThere() {
    Ratings without = Ratings.of(new int[2], new int[2], new float[2], 1, 1);
    Thrown.assertIllegal("leave-last-out needs timestamps", () -> Splitter.leaveLastOut(without));
    Thrown.assertIllegal("a time cut needs timestamps", () -> Splitter.timeCut(without, 5));
  }

  @Test
  void foldsPartitionTheRatings() {
    for (int rows : new int[] {2, 3, 31, 1000}) {
      Ratings whole = numbered(rows);
      for (int folds : new int[] {2, 3, 5, 10}) {
        if (folds > rows) {
          continue;
        }
        List<Split> splits = Splitter.kFold(whole, folds, 8);
        assertEquals(folds, splits.size());
        int[] heldOut = new int[rows];
        for (Split split : splits) {
          assertPartition(whole, split);
          long size = split.test().size();
          assertTrue(size == rows / folds || size == (rows + folds - 1) / folds, "size " + size);
          for (long row = 0; row < size; row++) {
            heldOut[(int) split.test().value(row)]++;
          }
        }
        for (int count : heldOut) {
          assertEquals(1, count);
        }
      }
    }
  }

  @Test
  void foldsMustFit() {
    Ratings whole = numbered(4);
    for (int bad : new int[] {-1, 0, 1, 5}) {
      Thrown.assertIllegal("not " + bad, () -> Splitter.kFold(whole, bad, 0));
    }
  }
}
