package gates;

final class ReturnsNull {
  static String name(boolean known) {
    return known ? "known" : null;
  }
}
