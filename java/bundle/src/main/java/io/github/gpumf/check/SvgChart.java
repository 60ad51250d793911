package io.github.gpumf.check;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * A chart of points on two logarithmic axes, or of bars, as SVG text. Drawn by hand: what draws
 * bitmaps in Java wants fonts and their configuration, which a machine with a GPU and nothing else
 * does not have.
 */
final class SvgChart {
  private static final int WIDTH = 900;
  private static final int HEIGHT = 480;
  private static final int LEFT = 80;
  private static final int RIGHT = 200;
  private static final int TOP = 50;
  private static final int BOTTOM = 60;
  private static final int BAR = 22;
  private static final int BAR_LEFT = 330;
  private static final List<String> COLOURS =
      List.of("#1f77b4", "#d62728", "#2ca02c", "#ff7f0e", "#9467bd", "#8c564b");

  /**
   * A line.
   *
   * @param name in the legend
   * @param points x and y, both positive
   */
  record Line(String name, List<Point> points) {}

  /** A point. */
  record Point(double x, double y) {}

  /**
   * A bar.
   *
   * @param name beside it
   * @param value 0 or more
   * @param text at its end
   */
  record Bar(String name, double value, String text) {}

  private SvgChart() {}

  private static String open(int height, String title) {
    return String.format(
        Locale.ROOT,
        """
        <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="13">
        <rect width="100%%" height="100%%" fill="white"/>
        <text x="%d" y="28" font-size="17">%s</text>
        """,
        WIDTH,
        height,
        20,
        escape(title));
  }

  private static String escape(String text) {
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
  }

  private static String text(double x, double y, String anchor, String text) {
    return String.format(
        Locale.ROOT,
        "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">%s</text>%n",
        x,
        y,
        anchor,
        escape(text));
  }

  private static String grid(double x1, double y1, double x2, double y2) {
    return String.format(
        Locale.ROOT,
        "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"#ddd\"/>%n",
        x1,
        y1,
        x2,
        y2);
  }

  /** Powers of ten that hold all values, at least one decade. */
  private record Axis(int from, int to) {
    static Axis of(List<Double> values) {
      double low = values.stream().min(Double::compare).orElse(1.0);
      double high = values.stream().max(Double::compare).orElse(10.0);
      int from = (int) Math.floor(Math.log10(low));
      return new Axis(from, Math.max(from + 1, (int) Math.ceil(Math.log10(high))));
    }

    /** 0 at the low end, 1 at the high one. */
    double at(double value) {
      return (Math.log10(value) - from) / (to - from);
    }
  }

  /** Lines, on axes of powers of ten. */
  static String lines(String title, String xName, String yName, List<Line> lines) {
    List<Double> xs = new ArrayList<>();
    List<Double> ys = new ArrayList<>();
    for (Line line : lines) {
      for (Point point : line.points()) {
        xs.add(point.x());
        ys.add(point.y());
      }
    }
    Axis x = Axis.of(xs);
    Axis y = Axis.of(ys);
    int width = WIDTH - LEFT - RIGHT;
    int height = HEIGHT - TOP - BOTTOM;
    StringBuilder svg = new StringBuilder(open(HEIGHT, title));
    for (int power = x.from(); power <= x.to(); power++) {
      double at = LEFT + width * x.at(Math.pow(10, power));
      svg.append(grid(at, TOP, at, TOP + height));
      svg.append(text(at, TOP + height + 20, "middle", number(power)));
    }
    for (int power = y.from(); power <= y.to(); power++) {
      double at = TOP + height - height * y.at(Math.pow(10, power));
      svg.append(grid(LEFT, at, LEFT + width, at));
      svg.append(text(LEFT - 8, at + 4, "end", number(power)));
    }
    svg.append(text(LEFT + width / 2.0, HEIGHT - 15, "middle", xName));
    svg.append(text(20, TOP - 6, "start", yName));
    for (int line = 0; line < lines.size(); line++) {
      String colour = COLOURS.get(line % COLOURS.size());
      StringBuilder points = new StringBuilder();
      for (Point point : lines.get(line).points()) {
        double px = LEFT + width * x.at(point.x());
        double py = TOP + height - height * y.at(point.y());
        points.append(String.format(Locale.ROOT, "%.1f,%.1f ", px, py));
        svg.append(
            String.format(
                Locale.ROOT,
                "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"4\" fill=\"%s\"/>%n",
                px,
                py,
                colour));
      }
      svg.append(
          String.format(
              Locale.ROOT,
              "<polyline points=\"%s\" fill=\"none\" stroke=\"%s\" stroke-width=\"2\"/>%n",
              points.toString().strip(),
              colour));
      int legend = TOP + 20 + 22 * line;
      svg.append(
          String.format(
              Locale.ROOT,
              "<rect x=\"%d\" y=\"%d\" width=\"14\" height=\"4\" fill=\"%s\"/>%n",
              LEFT + width + 15,
              legend - 6,
              colour));
      svg.append(text(LEFT + width + 35, legend, "start", lines.get(line).name()));
    }
    return svg.append("</svg>\n").toString();
  }

  private static String number(int power) {
    return power >= 0 && power <= 4
        ? String.format(Locale.ROOT, "%,d", Math.round(Math.pow(10, power)))
        : "1e" + power;
  }

  /** Horizontal bars, from 0 to the largest. */
  static String bars(String title, List<Bar> bars) {
    int height = TOP + BAR * bars.size() + 20;
    double most = bars.stream().mapToDouble(Bar::value).max().orElse(1);
    StringBuilder svg = new StringBuilder(open(height, title));
    for (int at = 0; at < bars.size(); at++) {
      Bar bar = bars.get(at);
      int top = TOP + BAR * at;
      svg.append(text(BAR_LEFT - 8, top + 14, "end", bar.name()));
      double length = (WIDTH - BAR_LEFT - 120) * (most > 0 ? bar.value() / most : 0);
      svg.append(
          String.format(
              Locale.ROOT,
              "<rect x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"%d\" fill=\"%s\"/>%n",
              BAR_LEFT,
              top,
              length,
              BAR - 6,
              COLOURS.getFirst()));
      svg.append(text(BAR_LEFT + length + 6, top + 14, "start", bar.text()));
    }
    return svg.append("</svg>\n").toString();
  }
}
