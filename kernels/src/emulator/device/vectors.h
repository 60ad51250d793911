// CUDA's small vectors, aligned as on the device.
#pragma once

#define EMULATOR_VECTORS(Scalar, name)                                                                               \
  struct name##1 {                                                                                                   \
    Scalar x;                                                                                                        \
  };                                                                                                                 \
  struct alignas(2 * sizeof(Scalar)) name##2 {                                                                       \
    Scalar x, y;                                                                                                     \
  };                                                                                                                 \
  struct name##3 {                                                                                                   \
    Scalar x, y, z;                                                                                                  \
  };                                                                                                                 \
  struct alignas(4 * sizeof(Scalar) > 16 ? 16 : 4 * sizeof(Scalar)) name##4 {                                        \
    Scalar x, y, z, w;                                                                                               \
  };                                                                                                                 \
  inline name##1 make_##name##1(Scalar x) { return {x}; }                                                            \
  inline name##2 make_##name##2(Scalar x, Scalar y) { return {x, y}; }                                               \
  inline name##3 make_##name##3(Scalar x, Scalar y, Scalar z) { return {x, y, z}; }                                  \
  inline name##4 make_##name##4(Scalar x, Scalar y, Scalar z, Scalar w) { return {x, y, z, w}; }

EMULATOR_VECTORS(signed char, char)
EMULATOR_VECTORS(unsigned char, uchar)
EMULATOR_VECTORS(short, short)
EMULATOR_VECTORS(unsigned short, ushort)
EMULATOR_VECTORS(int, int)
EMULATOR_VECTORS(unsigned int, uint)
EMULATOR_VECTORS(long long, longlong)
EMULATOR_VECTORS(unsigned long long, ulonglong)
EMULATOR_VECTORS(float, float)
EMULATOR_VECTORS(double, double)

#undef EMULATOR_VECTORS

struct dim3 {
  unsigned x, y, z;
  constexpr dim3(unsigned x = 1, unsigned y = 1, unsigned z = 1) : x(x), y(y), z(z) {}
};
