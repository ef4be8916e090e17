// Turns numbers into boxes and texts of an allocator of this library's own, which counts what it has handed out.
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// In front of what is handed out, so that no address of ours is one of malloc's.
typedef struct {
  int64_t references;
  int64_t unused;
} header;

static int32_t live = 0;
static int32_t releases = 0;
int32_t live_count(void) { return live; }
int32_t release_count(void) { return releases; }

static void *hand_out(size_t size) {
  header *made = calloc(1, sizeof(header) + size);
  if (made == NULL) abort();
  made->references = 1;
  live++;
  return made + 1;
}

static void release(void *memory) {
  if (memory == NULL) return;
  header *its = (header *)memory - 1;
  releases++;
  if (--its->references > 0) return;
  live--;
  free(its);
}

typedef struct {
  int32_t value;
  char name[28];
} box;

static box *last = NULL;
box *box_new(int32_t value) {
  box *made = last = hand_out(sizeof(box));
  made->value = value;
  snprintf(made->name, sizeof made->name, "box %d", value);
  return made;
}
void box_free(box *it) { release(it); }
// As sqlite3_close: says how it went.
int32_t box_close(box *it) {
  release(it);
  return 0;
}
box *box_ref(box *it) {
  ((header *)it - 1)->references++;
  return it;
}
int32_t box_value(const box *it) { return it->value; }
int32_t *box_value_at(box *it) { return &it->value; }
const char *box_name(const box *it) { return it->name; }
// The address of another box, as its own part: what borrowing makes of a whole allocation.
box *box_same(box *it) { return it; }
void last_made(box **out) { *out = last; }
box *no_box(void) { return NULL; }

// 0 and a box, or an error, errno and NULL.
int32_t box_open(int32_t value, box **out) {
  if (value < 0) {
    errno = EINVAL;
    *out = NULL;
    return 1;
  }
  *out = box_new(value);
  return 0;
}

static char *newest = NULL;
char *text_new(int32_t number) {
  char *made = newest = hand_out(32);
  snprintf(made, 32, "text %d", number);
  return made;
}
char *last_text(int32_t unused) {
  (void)unused;
  return newest;
}
void text_free(char *text) { release(text); }
void text_out(int32_t number, char **out) { *out = text_new(number); }
// Of malloc itself.
char *text_malloc(int32_t number) {
  char *made = malloc(32);
  if (made != NULL) snprintf(made, 32, "text %d", number);
  return made;
}

typedef struct {
  int32_t number;
  box *made;
  char *text;
} parcel;

parcel parcel_value(int32_t number) { return (parcel){number, box_new(number), text_new(number)}; }
void parcel_out(int32_t number, parcel *out) { *out = parcel_value(number); }
// The struct is malloc's, what it holds is ours.
parcel *parcel_new(int32_t number) {
  parcel *made = malloc(sizeof *made);
  if (made != NULL) *made = parcel_value(number);
  return made;
}

// A shelf takes boxes over, and frees them when it is emptied.
static box *shelf[64];
static int32_t shelved = 0;
int32_t shelf_put(box *it) {
  if (it != NULL && shelved < 64) shelf[shelved++] = it;
  return shelved;
}
int32_t shelf_put_two(box *first, box *second) {
  shelf_put(first);
  return shelf_put(second);
}
box *shelf_last(void) { return shelved == 0 ? NULL : shelf[shelved - 1]; }
void shelf_empty(void) {
  while (shelved > 0) release(shelf[--shelved]);
}
// As free: takes what malloc has made.
void block_take(void *block) { free(block); }

void double_in_place(int32_t *value) { *value *= 2; }
void split(double value, int32_t *whole, double *rest) {
  *whole = (int32_t)value;
  *rest = value - *whole;
}
void add_ten_out(int32_t number, int32_t *out) { *out = number + 10; }

box *box_new_slowly(int32_t value, int32_t milliseconds) {
  usleep((useconds_t)milliseconds * 1000);
  return box_new(value);
}
int32_t box_value_slowly(const box *it, int32_t milliseconds) {
  usleep((useconds_t)milliseconds * 1000);
  return it->value;
}

// Tells before it frees.
static void (*listener)(int32_t value) = NULL;
void on_free(void (*told)(int32_t value)) { listener = told; }
void box_free_loudly(box *it) {
  if (listener != NULL) listener(it->value);
  release(it);
}
