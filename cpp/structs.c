// Turns flat structs, by value and by pointer, into themselves, new ones and numbers.
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

// weigh_* is the sum of (i + 1) * field i, so that no two fields can change places unseen.

#define BYTES(n)                                                                \
  struct bytes##n {                                                             \
    uint8_t b[n];                                                               \
  };                                                                            \
  struct bytes##n id_bytes##n(struct bytes##n s) { return s; }                  \
  struct bytes##n make_bytes##n(uint8_t first) {                                \
    struct bytes##n s;                                                          \
    for (int i = 0; i < n; i++) s.b[i] = (uint8_t)(first + i);                  \
    return s;                                                                   \
  }                                                                             \
  uint32_t weigh_bytes##n##_ptr(const struct bytes##n *s) {                     \
    uint32_t weight = 0;                                                        \
    for (int i = 0; i < n; i++) weight += (uint32_t)(i + 1) * s->b[i];          \
    return weight;                                                              \
  }                                                                             \
  uint32_t weigh_bytes##n(struct bytes##n s) { return weigh_bytes##n##_ptr(&s); }

BYTES(1)
BYTES(2)
BYTES(3)
BYTES(4)
BYTES(8)
BYTES(12)
BYTES(16)
BYTES(24)
BYTES(40)
BYTES(72)
BYTES(80)
BYTES(200)

// Every way of reaching a struct; new_* is the caller's to free.
#define WAYS(name)                                                        \
  struct name id_##name(struct name s) { return s; }                      \
  double weigh_##name(struct name s) { return weigh_##name##_ptr(&s); }   \
  struct name *new_##name(struct name s) {                                \
    struct name *made = malloc(sizeof *made);                             \
    if (made != NULL) *made = s;                                          \
    return made;                                                          \
  }                                                                       \
  struct name *same_##name(struct name *s) { return s; }                  \
  void copy_##name(struct name *to, const struct name *from) { *to = *from; }

#define PAIR(name, first, second)                                                                    \
  struct name {                                                                                      \
    first a;                                                                                         \
    second b;                                                                                        \
  };                                                                                                 \
  double weigh_##name##_ptr(const struct name *s) { return (double)s->a + 2 * (double)s->b; }        \
  struct name make_##name(first a, second b) { return (struct name){a, b}; }                         \
  void set_##name(struct name *s, first a, second b) { *s = (struct name){a, b}; }                   \
  WAYS(name)

PAIR(f64_f64, double, double)
PAIR(i64_i64, int64_t, int64_t)
PAIR(f64_i64, double, int64_t)
PAIR(i64_f64, int64_t, double)
PAIR(f32_f32, float, float)
PAIR(i32_i32, int32_t, int32_t)
PAIR(i32_f32, int32_t, float)
PAIR(u8_f64, uint8_t, double)
PAIR(f32_i64, float, int64_t)
PAIR(i8_bool, int8_t, bool)
PAIR(i16_u16, int16_t, uint16_t)

#define TRIPLE(name, type)                                                                                      \
  struct name {                                                                                                 \
    type a, b, c;                                                                                               \
  };                                                                                                            \
  double weigh_##name##_ptr(const struct name *s) { return (double)s->a + 2 * (double)s->b + 3 * (double)s->c; } \
  struct name make_##name(type a, type b, type c) { return (struct name){a, b, c}; }                            \
  WAYS(name)

TRIPLE(f32x3, float)
TRIPLE(f64x3, double)
TRIPLE(i32x3, int32_t)
TRIPLE(i64x3, int64_t)

struct f32x4 {
  float a, b, c, d;
};
double weigh_f32x4_ptr(const struct f32x4 *s) { return s->a + 2.0 * s->b + 3.0 * s->c + 4.0 * s->d; }
struct f32x4 make_f32x4(float a, float b, float c, float d) { return (struct f32x4){a, b, c, d}; }
WAYS(f32x4)

// 16 bytes whose halves are of different classes: an integer with a float, then a double.
struct mixed16 {
  int32_t a;
  float b;
  double c;
};
double weigh_mixed16_ptr(const struct mixed16 *s) { return s->a + 2.0 * s->b + 3.0 * s->c; }
WAYS(mixed16)

// 40 bytes with holes after a, e and g.
struct mixed40 {
  int8_t a;
  int16_t b;
  int32_t c;
  int64_t d;
  float e;
  double f;
  bool g;
};
double weigh_mixed40_ptr(const struct mixed40 *s) {
  return s->a + 2.0 * s->b + 3.0 * s->c + 4.0 * (double)s->d + 5.0 * s->e + 6.0 * s->f + 7.0 * s->g;
}
WAYS(mixed40)

struct f64x10 {
  double a, b, c, d, e, f, g, h, i, j;
};
double weigh_f64x10_ptr(const struct f64x10 *s) {
  double weight = s->a + 2 * s->b + 3 * s->c + 4 * s->d + 5 * s->e;
  return weight + 6 * s->f + 7 * s->g + 8 * s->h + 9 * s->i + 10 * s->j;
}
WAYS(f64x10)

// Structs among other arguments, each weighed by its place in the list.
double among_args(int32_t a, struct f64_f64 b, float c, struct f64_i64 d, int64_t e, struct bytes3 f) {
  return a + 2 * weigh_f64_f64(b) + 3.0 * c + 4 * weigh_f64_i64(d) + 5.0 * (double)e + 6.0 * weigh_bytes3(f);
}

// With one integer register left the pair goes to the stack, and `last` still into that register.
double straddle(int64_t a, int64_t b, int64_t c, int64_t d, int64_t e, struct i64_i64 pair, int64_t last) {
  return (double)(a + 2 * b + 3 * c + 4 * d + 5 * e + 7 * last) + 6 * weigh_i64_i64(pair);
}

// A result in memory takes an integer register for its address, so `f` is on the stack.
struct i64x3 sums_in_memory(int64_t a, int64_t b, int64_t c, int64_t d, int64_t e, int64_t f) {
  return (struct i64x3){a + b, c + d, e + 2 * f};
}

// Two structs too big for registers around a scalar.
double two_big(struct bytes40 a, double b, struct f64x10 c) { return weigh_bytes40(a) + b + weigh_f64x10(c); }
