// Turns structs that hold structs, arrays and strings, inline and by pointer, into numbers and new structs.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct point {
  int32_t x;
  double y;
};
static double weigh(const struct point *p) { return p == NULL ? 0 : p->x + 2 * p->y; }
static struct point numbered(int32_t n) { return (struct point){n, n + 0.5}; }
static struct point *new_point(int32_t n) {
  struct point *p = malloc(sizeof *p);
  if (p != NULL) *p = numbered(n);
  return p;
}

// A struct inside a struct.
struct boxed {
  uint8_t tag;
  struct point inner;
  int16_t tail;
};
double sum_boxed_ptr(const struct boxed *b) { return b->tag + weigh(&b->inner) + b->tail; }
double sum_boxed(struct boxed b) { return sum_boxed_ptr(&b); }
struct boxed id_boxed(struct boxed b) { return b; }
struct boxed make_boxed(uint8_t tag, struct point inner, int16_t tail) { return (struct boxed){tag, inner, tail}; }

// A struct behind a pointer, which may be NULL.
struct linked {
  int32_t id;
  struct point *inner;
  double tail;
};
double sum_linked_ptr(const struct linked *l) { return l->id + weigh(l->inner) + l->tail; }
double sum_linked(struct linked l) { return sum_linked_ptr(&l); }
struct linked id_linked(struct linked l) { return l; }
// {7, {1, 1.5}, 2.5}; free_linked gives both blocks back.
struct linked *make_linked(void) {
  struct linked *l = malloc(sizeof *l);
  if (l != NULL) *l = (struct linked){7, new_point(1), 2.5};
  return l;
}
struct linked *make_linked_null(void) {
  struct linked *l = malloc(sizeof *l);
  if (l != NULL) *l = (struct linked){7, NULL, 2.5};
  return l;
}
void free_linked(struct linked *l) {
  free(l->inner);
  free(l);
}

// Three levels: inline, then by pointer.
struct deep {
  int16_t head;
  struct {
    uint8_t tag;
    struct linked link;
  } middle;
  float tail;
};
double sum_deep(const struct deep *d) { return d->head + d->middle.tag + sum_linked_ptr(&d->middle.link) + d->tail; }

// Inline arrays.
struct grid {
  uint8_t bytes[5];
  int16_t shorts[3];
  int32_t ints[2];
  uint32_t words[2];
  int64_t longs[2];
  uint64_t ulongs[1];
  float floats[3];
  double doubles[2];
  char *names[2];
  int8_t tail;
};
static double sum_names(char *const *names, int32_t count) {
  double sum = 0;
  for (int32_t i = 0; i < count; i++) sum += names[i] == NULL ? 0 : (double)strlen(names[i]);
  return sum;
}
double sum_grid(const struct grid *g) {
  double sum = g->tail + sum_names(g->names, 2);
  for (int i = 0; i < 5; i++) sum += g->bytes[i];
  for (int i = 0; i < 3; i++) sum += g->shorts[i] + (double)g->floats[i];
  for (int i = 0; i < 2; i++) sum += g->ints[i] + (double)g->words[i] + (double)g->longs[i] + g->doubles[i];
  return sum + (double)g->ulongs[0];
}
struct grid id_grid(struct grid g) { return g; }

// Arrays behind pointers; NULL stands for no items.
struct series {
  int32_t count;
  int32_t *ints;
  double *doubles;
  char **names;
  uint8_t *bytes;
  int16_t tail;
};
double sum_series(const struct series *s) {
  double sum = s->tail + (s->names == NULL ? 0 : sum_names(s->names, s->count));
  for (int32_t i = 0; i < s->count; i++) {
    sum += (s->ints ? s->ints[i] : 0) + (s->doubles ? s->doubles[i] : 0) + (s->bytes ? s->bytes[i] : 0);
  }
  return sum;
}
// Three items each in static memory: {1, 2, 3}, {1.5, 2.5, 3.5}, {"one", "two", "three"}, {7, 8, 9}, and tail -1.
const struct series *static_series(void) {
  static int32_t ints[] = {1, 2, 3};
  static double doubles[] = {1.5, 2.5, 3.5};
  static char *names[] = {"one", "two", "three"};
  static uint8_t bytes[] = {7, 8, 9};
  static const struct series s = {3, ints, doubles, names, bytes, -1};
  return &s;
}

struct labelled {
  int32_t id;
  const char *name;
  const wchar_t *wide;
  const char *note;
};
double sum_labelled(const struct labelled *l) {
  return l->id + (l->name ? strlen(l->name) : 0) + (l->note ? strlen(l->note) : 0);
}
struct labelled id_labelled(struct labelled l) { return l; }
// Its note is NULL.
struct labelled static_labelled(void) { return (struct labelled){3, "label", L"wide", NULL}; }

// An array of points in the middle of a struct, in each of the four ways C can hold one.
struct inline_items {
  int8_t head;
  struct point items[3];
  double tail;
};
struct inline_pointers {
  int8_t head;
  struct point *items[3];
  double tail;
};
struct pointed_items {
  int8_t head;
  struct point *items;
  double tail;
};
struct pointed_pointers {
  int8_t head;
  struct point **items;
  double tail;
};
static double weigh_each(const struct point *items, int32_t count) {
  double sum = 0;
  for (int32_t i = 0; i < count; i++) sum += (i + 1) * weigh(&items[i]);
  return sum;
}
static double weigh_through(struct point *const *items, int32_t count) {
  double sum = 0;
  for (int32_t i = 0; i < count; i++) sum += (i + 1) * weigh(items[i]);
  return sum;
}
// Each is head + sum of (i + 1) * (x + 2 y) + tail, over three items.
double sum_inline_items(const struct inline_items *s) { return s->head + weigh_each(s->items, 3) + s->tail; }
double sum_inline_pointers(const struct inline_pointers *s) { return s->head + weigh_through(s->items, 3) + s->tail; }
double sum_pointed_items(const struct pointed_items *s) { return s->head + weigh_each(s->items, 3) + s->tail; }
double sum_pointed_pointers(const struct pointed_pointers *s) { return s->head + weigh_through(s->items, 3) + s->tail; }
struct inline_items id_inline_items(struct inline_items s) { return s; }
struct inline_pointers id_inline_pointers(struct inline_pointers s) { return s; }
struct pointed_items id_pointed_items(struct pointed_items s) { return s; }
struct pointed_pointers id_pointed_pointers(struct pointed_pointers s) { return s; }

double sum_points(const struct point *items, int32_t count) { return weigh_each(items, count); }
double sum_point_pointers(struct point *const *items, int32_t count) { return weigh_through(items, count); }

// Points {1, 1.5}, {2, 2.5} ... in one block, or in one block each behind an array of pointers; the caller frees.
struct point *make_points(int32_t count) {
  struct point *items = calloc((size_t)count + 1, sizeof *items);
  for (int32_t i = 0; items != NULL && i < count; i++) items[i] = numbered(i + 1);
  return items;
}
struct point **make_point_pointers(int32_t count) {
  struct point **items = calloc((size_t)count + 1, sizeof *items);
  for (int32_t i = 0; items != NULL && i < count; i++) items[i] = new_point(i + 1);
  return items;
}
void free_point_pointers(struct point **items, int32_t count) {
  for (int32_t i = 0; i < count; i++) free(items[i]);
  free(items);
}
void move_points(struct point *items, int32_t count, double by) {
  for (int32_t i = 0; i < count; i++) items[i].y += by;
}

// A list of values 1, 2 ... count, ended by NULL.
struct node {
  int32_t value;
  struct node *next;
};
struct node *make_list(int32_t count) {
  struct node *head = NULL;
  for (int32_t value = count; value > 0; value--) {
    struct node *made = malloc(sizeof *made);
    if (made == NULL) return head;
    *made = (struct node){value, head};
    head = made;
  }
  return head;
}
int64_t sum_list(const struct node *head) {
  int64_t sum = 0;
  for (; head != NULL; head = head->next) sum += head->value;
  return sum;
}
void free_list(struct node *head) {
  while (head != NULL) {
    struct node *next = head->next;
    free(head);
    head = next;
  }
}
