// Turns arrays of each number type into sums, in-place changes, copies and new arrays.
#include <float.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define ARRAYS(name, type, total, lowest, highest)                                                \
  total sum_##name(const type *items, int32_t count) {                                            \
    total sum = 0;                                                                                \
    for (int32_t i = 0; i < count; i++) sum += (total)items[i];                                   \
    return sum;                                                                                   \
  }                                                                                               \
  /* Doubles every element in place. */                                                           \
  void twice_##name(type *items, int32_t count) {                                                 \
    for (int32_t i = 0; i < count; i++) items[i] = (type)(items[i] * 2);                          \
  }                                                                                               \
  type item_##name(const type *items, int32_t index) { return items[index]; }                     \
  /* 1, 2, 3 ...: the caller frees it, as it does the copy. */                                    \
  type *make_##name(int32_t count) {                                                              \
    type *items = calloc((size_t)count + 1, sizeof *items);                                       \
    for (int32_t i = 0; items != NULL && i < count; i++) items[i] = (type)(i + 1);                \
    return items;                                                                                 \
  }                                                                                               \
  type *copy_##name(const type *items, int32_t count) {                                           \
    type *copy = calloc((size_t)count + 1, sizeof *copy);                                         \
    if (copy != NULL && count > 0) memcpy(copy, items, (size_t)count * sizeof *copy);             \
    return copy;                                                                                  \
  }                                                                                               \
  /* Four elements: the limits of the type, 0 and 1. */                                           \
  const type *static_##name(void) {                                                               \
    static const type items[] = {lowest, 0, 1, highest};                                          \
    return items;                                                                                 \
  }

ARRAYS(u8, uint8_t, uint64_t, 0, UINT8_MAX)
ARRAYS(i16, int16_t, int64_t, INT16_MIN, INT16_MAX)
ARRAYS(i32, int32_t, int64_t, INT32_MIN, INT32_MAX)
ARRAYS(u32, uint32_t, uint64_t, 0, UINT32_MAX)
ARRAYS(i64, int64_t, int64_t, INT64_MIN, INT64_MAX)
ARRAYS(u64, uint64_t, uint64_t, 0, UINT64_MAX)
ARRAYS(f32, float, double, -FLT_MAX, FLT_MAX)
ARRAYS(f64, double, double, -DBL_MAX, DBL_MAX)

int32_t *null_array(void) { return NULL; }
int32_t array_is_null(const void *items) { return items == NULL; }

// Writes the bytes first, first + 1 ... (modulo 256).
void fill_bytes(uint8_t *bytes, int32_t count, uint8_t first) {
  for (int32_t i = 0; i < count; i++) bytes[i] = (uint8_t)(first + i);
}
