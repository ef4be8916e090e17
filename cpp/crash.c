// Turns arguments into every kind of crash, and into writes just outside of what was given.
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int32_t fine(int32_t value) { return value; }

void null_write(int32_t value) {
  volatile int32_t *volatile nowhere = NULL;
  *nowhere = value;
}
void write_to(uint64_t address, uint8_t value) { *(volatile uint8_t *)(uintptr_t)address = value; }

int32_t divide(int32_t a, int32_t b) {
  volatile int32_t divisor = b;
  return a / divisor;
}

void give_up(int8_t a, uint16_t b, int64_t c, float d, double e) {
  (void)a, (void)b, (void)c, (void)d, (void)e;
  abort();
}

void illegal(void) { __builtin_trap(); }

static int32_t deeper(volatile char *above, int32_t depth) {
  volatile char frame[1024];
  frame[0] = above[0];
  if (depth == INT32_MAX) return frame[0];
  return deeper(frame, depth + 1) + frame[0];
}
int32_t overflow_stack(void) {
  volatile char first = 1;
  return deeper(&first, 0);
}

// Writes and reads `count` bytes that are past the `size` bytes given, or before them.
void overrun(uint8_t *bytes, size_t size, size_t count) {
  volatile uint8_t *end = bytes + size;
  for (size_t i = 0; i < count; i++) end[i] = 0xEE;
}
void underrun(uint8_t *bytes, size_t count) {
  volatile uint8_t *start = bytes;
  for (size_t i = 1; i <= count; i++) start[-(ptrdiff_t)i] = 0xEE;
}
// One more byte than the string and its NUL.
int32_t read_past(const char *text) { return ((const volatile char *)text)[strlen(text) + 1]; }
int32_t overrun_both(const char *first, const char *second, int32_t which) {
  return read_past(which == 0 ? first : second);
}
// The same with what a callback returns.
typedef const char *(*text_callback)(int32_t);
int32_t read_past_result(text_callback callback) { return read_past(callback(0)); }
int32_t underrun_result(text_callback callback) {
  underrun((uint8_t *)callback(0), 2);
  return callback(1) != NULL;
}
int32_t keep_result(text_callback callback) {
  const char *first = callback(0);
  callback(1);
  return *(const volatile char *)first;
}
struct pair {
  const char *name;
  int32_t value;
};
int32_t read_past_name(const struct pair *pair) { return read_past(pair->name); }
int32_t sum_three(const int32_t *items) { return items[0] + items[1] + items[2]; }
int32_t item(const int32_t *items, int32_t i) { return ((const volatile int32_t *)items)[i]; }
const char *tail(const char *text, int32_t from) { return text + from; }
void *same(void *pointer) { return pointer; }

// Keeps a pointer for later.
static const volatile uint8_t *kept = NULL;
void keep(const void *pointer) { kept = pointer; }
int32_t use_kept(int32_t offset) { return kept[offset]; }
