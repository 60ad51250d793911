package io.github.gpumf.cuda.driver;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Reads the parameters of kernels out of PTX. A launch with too few arguments, or arguments of
 * other sizes, makes the driver read memory that is not there, so each is checked.
 */
final class PtxSignatures {
  private static final Pattern COMMENT = Pattern.compile("//[^\n]*|/\\*.*?\\*/", Pattern.DOTALL);

  /** {@code .entry name(parameters)}; the parentheses are missing where there are none. */
  private static final Pattern ENTRY =
      Pattern.compile("\\.entry\\s+([\\w$]+)\\s*(?:\\(([^)]*)\\))?");

  /** {@code .param .u64 .ptr .global .align 16 name} and {@code .param .align 4 .b8 name[12]}. */
  private static final Pattern PARAMETER =
      Pattern.compile("\\.param\\s+(?:\\.align\\s+\\d+\\s+)?\\.(\\w+)\\b[^,]*");

  private PtxSignatures() {}

  /** By name, in the order of the text. */
  static Map<String, List<PtxType>> of(String ptx) {
    Map<String, List<PtxType>> signatures = new LinkedHashMap<>();
    Matcher entry = ENTRY.matcher(COMMENT.matcher(ptx).replaceAll(" "));
    while (entry.find()) {
      signatures.put(entry.group(1), parameters(entry.group(2)));
    }
    return signatures;
  }

  private static List<PtxType> parameters(String text) {
    List<PtxType> types = new ArrayList<>();
    if (text != null) {
      Matcher parameter = PARAMETER.matcher(text);
      while (parameter.find()) {
        types.add(PtxType.of(parameter.group(1)));
      }
    }
    return List.copyOf(types);
  }
}
