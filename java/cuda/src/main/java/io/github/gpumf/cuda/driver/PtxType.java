package io.github.gpumf.cuda.driver;

/** The type of a kernel's parameter. */
enum PtxType {
  INT32,
  INT64,
  FLOAT32,
  FLOAT64;

  /** By the name that PTX gives it. */
  static PtxType of(String name) {
    return switch (name) {
      case "u32", "s32", "b32" -> INT32;
      case "u64", "s64", "b64" -> INT64;
      case "f32" -> FLOAT32;
      case "f64" -> FLOAT64;
      default ->
          throw new IllegalArgumentException(
              "a kernel has a parameter of type ."
                  + name
                  + "; numbers of 32 and 64 bits and pointers can be passed");
    };
  }
}
