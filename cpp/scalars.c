// Turns scalar arguments of every type into scalar results: identities, sums, limits and long argument lists.
#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Arithmetic wraps: it is done in the unsigned type, where C defines overflow.
#define INTEGER(name, type, utype, lowest, highest)                               \
  type id_##name(type v) { return v; }                                            \
  type add_##name(type a, type b) { return (type)((utype)a + (utype)b); }         \
  type neg_##name(type v) { return (type)((utype)0 - (utype)v); }                 \
  type min_##name(void) { return lowest; }                                        \
  type max_##name(void) { return highest; }                                       \
  /* What the callee sees in 64 bits: shows a missing sign or zero extension. */  \
  int64_t widen_##name(type v) { return (int64_t)v; }

INTEGER(i8, int8_t, uint8_t, INT8_MIN, INT8_MAX)
INTEGER(u8, uint8_t, uint8_t, 0, UINT8_MAX)
INTEGER(i16, int16_t, uint16_t, INT16_MIN, INT16_MAX)
INTEGER(u16, uint16_t, uint16_t, 0, UINT16_MAX)
INTEGER(i32, int32_t, uint32_t, INT32_MIN, INT32_MAX)
INTEGER(u32, uint32_t, uint32_t, 0, UINT32_MAX)
INTEGER(i64, int64_t, uint64_t, INT64_MIN, INT64_MAX)
INTEGER(u64, uint64_t, uint64_t, 0, UINT64_MAX)
INTEGER(isize, intptr_t, uintptr_t, INTPTR_MIN, INTPTR_MAX)
INTEGER(usize, size_t, size_t, 0, SIZE_MAX)

#define FLOATING(name, type, highest, smallest)                       \
  type id_##name(type v) { return v; }                                \
  type add_##name(type a, type b) { return a + b; }                   \
  type neg_##name(type v) { return -v; }                              \
  type min_##name(void) { return -highest; }                          \
  type max_##name(void) { return highest; }                           \
  /* The smallest positive value, a subnormal. */                     \
  type tiny_##name(void) { return smallest; }                         \
  type nan_##name(void) { return (type)NAN; }                         \
  type infinity_##name(void) { return (type)INFINITY; }               \
  type negative_zero_##name(void) { return (type)-0.0; }

FLOATING(f32, float, FLT_MAX, FLT_TRUE_MIN)
FLOATING(f64, double, DBL_MAX, DBL_TRUE_MIN)

bool id_bool(bool v) { return v; }
bool not_bool(bool v) { return !v; }
bool xor_bool(bool a, bool b) { return a != b; }
bool min_bool(void) { return false; }
bool max_bool(void) { return true; }
int64_t widen_bool(bool v) { return v; }

void noop(void) {}

static int32_t calls = 0;

// Returns its argument and counts the call: shows that a refused call never reached C.
int32_t counted(int32_t v) {
  calls++;
  return v;
}
int32_t call_count(void) { return calls; }

#define MAX_ARGS 20
static _Thread_local double last_args[MAX_ARGS];

// Keeps the arguments for last_arg and returns their sum.
static double record(const double *values, int count) {
  double sum = 0;
  for (int i = 0; i < MAX_ARGS; i++) last_args[i] = i < count ? values[i] : NAN;
  for (int i = 0; i < count; i++) sum += values[i];
  return sum;
}
#define RECORD(...)                            \
  const double values[] = {__VA_ARGS__};       \
  return record(values, (int)(sizeof values / sizeof *values))

// Argument `index` of this thread's last call of a function below, NaN where it had none.
double last_arg(int32_t index) { return index >= 0 && index < MAX_ARGS ? last_args[index] : NAN; }

double many10(int32_t a, double b, int64_t c, float d, uint8_t e, double f, int16_t g, double h, uint32_t i, bool j) {
  RECORD(a, b, (double)c, d, e, f, g, h, i, j);
}

double ints12(int32_t a, int32_t b, int32_t c, int32_t d, int32_t e, int32_t f, int32_t g, int32_t h, int32_t i,
              int32_t j, int32_t k, int32_t l) {
  RECORD(a, b, c, d, e, f, g, h, i, j, k, l);
}

double doubles12(double a, double b, double c, double d, double e, double f, double g, double h, double i, double j,
                 double k, double l) {
  RECORD(a, b, c, d, e, f, g, h, i, j, k, l);
}

double floats12(float a, float b, float c, float d, float e, float f, float g, float h, float i, float j, float k,
                float l) {
  RECORD(a, b, c, d, e, f, g, h, i, j, k, l);
}

// Ten integers and ten floats in turn: on every ABI the last ones, small types among them, are on the stack.
double mixed20(int8_t a, double b, uint8_t c, float d, int16_t e, double f, uint16_t g, float h, int32_t i, double j,
               uint32_t k, float l, int64_t m, double n, uint64_t o, float p, bool q, double r, int8_t s, float t) {
  RECORD(a, b, c, d, e, f, g, h, i, j, k, l, (double)m, n, (double)o, p, q, r, s, t);
}

double ints8_doubles10(int32_t a, int32_t b, int32_t c, int32_t d, int32_t e, int32_t f, int32_t g, int32_t h, double i,
                       double j, double k, double l, double m, double n, double o, double p, double q, double r) {
  RECORD(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r);
}

// Twelve small integers after six that fill the System V registers.
double small_on_stack(int64_t r0, int64_t r1, int64_t r2, int64_t r3, int64_t r4, int64_t r5, int8_t a, uint8_t b,
                      int16_t c, uint16_t d, bool e, int8_t f, uint8_t g, int16_t h, uint16_t i, bool j, int32_t k,
                      uint32_t l) {
  RECORD((double)r0, (double)r1, (double)r2, (double)r3, (double)r4, (double)r5, a, b, c, d, e, f, g, h, i, j, k, l);
}

// Argument `index` (0 to 11) of twelve, all 64 bits of it.
int64_t pick12_i64(uint32_t index, int64_t a, int64_t b, int64_t c, int64_t d, int64_t e, int64_t f, int64_t g,
                   int64_t h, int64_t i, int64_t j, int64_t k, int64_t l) {
  const int64_t values[] = {a, b, c, d, e, f, g, h, i, j, k, l};
  return values[index % 12];
}
