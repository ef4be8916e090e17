// Functions that call back: every scalar in and out, strings, pointers, structs, and callbacks that are kept.
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#define EXPORT __attribute__((visibility("default")))

// One function a scalar type: passes a value through the callback and returns what comes back.
#define PASS(name, type) \
  EXPORT type pass_##name(type (*callback)(type), type value) { return callback(value); }

PASS(i8, int8_t)
PASS(u8, uint8_t)
PASS(i16, int16_t)
PASS(u16, uint16_t)
PASS(i32, int32_t)
PASS(u32, uint32_t)
PASS(i64, int64_t)
PASS(u64, uint64_t)
PASS(isize, ptrdiff_t)
PASS(usize, size_t)
PASS(f32, float)
PASS(f64, double)
PASS(bool, bool)
PASS(ptr, void *)
PASS(str, const char *)
PASS(wstr, const wchar_t *)

EXPORT int32_t call_void(void (*callback)(void), int32_t times) {
  for (int32_t i = 0; i < times; i++) callback();
  return times;
}

// Sum of what the callback makes of 0, 1, 2 ...
EXPORT int64_t sum_i32(int32_t (*callback)(int32_t), int32_t count) {
  int64_t sum = 0;
  for (int32_t i = 0; i < count; i++) sum += callback(i);
  return sum;
}

EXPORT double mixed(double (*callback)(int8_t, float, uint64_t, double, bool, const char *, void *, int32_t, int16_t)) {
  return callback(-8, 1.5f, 1ull << 60, 2.25, true, "mixed", NULL, -32, 16);
}

EXPORT int32_t length_of_answer(const char *(*callback)(int32_t), int32_t value) {
  const char *answer = callback(value);
  return answer == NULL ? -1 : (int32_t)strlen(answer);
}

struct point {
  int32_t x;
  double y;
};

struct person {
  const char *name;
  int32_t age;
  struct point *home;
};

struct large {
  int64_t numbers[6];
};

struct pair {
  float a;
  float b;
};

EXPORT double point_by_value(struct point (*callback)(struct point), int32_t x, double y) {
  struct point answer = callback((struct point){x, y});
  return answer.x * 1000 + answer.y;
}

EXPORT double point_by_pointer(struct point *(*callback)(struct point *), int32_t x, double y) {
  struct point point = {x, y};
  struct point *answer = callback(&point);
  return answer == NULL ? -1 : answer->x * 1000 + answer->y;
}

EXPORT float pair_by_value(struct pair (*callback)(struct pair)) {
  struct pair answer = callback((struct pair){1.5f, 2.5f});
  return answer.a * 10 + answer.b;
}

EXPORT int64_t large_by_value(struct large (*callback)(struct large)) {
  struct large answer = callback((struct large){{1, 2, 3, 4, 5, 6}});
  int64_t sum = 0;
  for (int i = 0; i < 6; i++) sum = sum * 10 + answer.numbers[i];
  return sum;
}

EXPORT int32_t with_person(int32_t (*callback)(struct person *), const char *name) {
  struct point home = {3, 4.5};
  struct person person = {name, 42, &home};
  return callback(&person);
}

EXPORT int32_t age_of_answer(struct person *(*callback)(void)) {
  struct person *person = callback();
  if (person == NULL) return -1;
  return person->age + (int32_t)strlen(person->name) + (person->home == NULL ? 0 : person->home->x);
}

EXPORT int32_t with_numbers(int32_t (*callback)(const int32_t *, const char **)) {
  static const int32_t numbers[] = {1, 2, 3, 4};
  static const char *words[] = {"one", NULL, "three"};
  return callback(numbers, words);
}

EXPORT int32_t sum_of_answer(const int32_t *(*callback)(void), int32_t count) {
  const int32_t *numbers = callback();
  int32_t sum = 0;
  for (int32_t i = 0; i < count; i++) sum += numbers[i];
  return sum;
}

// A duplicate on the heap, which the callback is to free.
EXPORT int32_t give_text(int32_t (*callback)(char *), const char *text) { return callback(strdup(text)); }

EXPORT int32_t give_static_text(int32_t (*callback)(const char *)) { return callback("nobody's to free"); }

EXPORT int32_t give_bad_text(int32_t (*callback)(const char *)) { return callback((const char *)16); }

// Callbacks that are kept.
typedef int32_t (*keeper)(int32_t);
static keeper kept;

EXPORT void keep(keeper callback) { kept = callback; }

EXPORT int32_t call_kept(int32_t value) { return kept == NULL ? -1 : kept(value); }

EXPORT keeper kept_code(void) { return kept; }

struct operations {
  int32_t (*add)(int32_t, int32_t);
  int32_t (*negate)(int32_t);
  int32_t bias;
};

EXPORT int32_t operate(const struct operations *operations, int32_t a, int32_t b) {
  int32_t sum = operations->add(a, b) + operations->bias;
  return operations->negate == NULL ? sum : operations->negate(sum);
}

// Gives the callback the code of a function of C.
static int32_t twice(int32_t value) { return 2 * value; }

EXPORT int32_t with_code(int32_t (*callback)(keeper)) { return callback(twice); }

EXPORT int32_t call_code(keeper code, int32_t value) { return code(value); }

// The callback gets the addresses of an array that was passed to the call.
EXPORT double fold(double (*callback)(double, const double *), const double *values, int32_t count) {
  double result = 0;
  for (int32_t i = 0; i < count; i++) result = callback(result, values + i);
  return result;
}

// Calls back, then adds 1 to each number: their sum.
EXPORT int64_t add_after(void (*callback)(void), int32_t *numbers, int32_t count) {
  callback();
  int64_t sum = 0;
  for (int32_t i = 0; i < count; i++) sum += ++numbers[i];
  return sum;
}

struct span {
  int32_t *numbers;
  int32_t count;
};

EXPORT int64_t add_after_in(void (*callback)(void), const struct span *span) {
  return add_after(callback, span->numbers, span->count);
}
