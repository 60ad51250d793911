package gates;

final class ComparesArrays {
  static boolean same(int[] left, int[] right) {
    return left.equals(right);
  }
}
