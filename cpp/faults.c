// Turns a call into one mistake that a memory tool must report: planted on purpose, called by memtests/ only.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

// The compiler must neither see the mistake, to warn of it, nor prove it unused, to drop it.
static void *hidden(void *p) {
  void *volatile held = p;
  return held;
}
static volatile int32_t sink;

void fault_leak(void) {
  memset(hidden(malloc(777)), 1, 777);
}

void fault_double_free(void) {
  void *p = malloc(24);
  free(hidden(p));
  free(hidden(p));
}

void fault_overrun(void) {
  uint8_t *p = malloc(24);
  ((volatile uint8_t *)hidden(p))[24] = 1;
  free(p);
}

void fault_underrun(void) {
  uint8_t *p = malloc(24);
  ((volatile uint8_t *)hidden(p))[-1] = 1;
  free(p);
}

void fault_use_after_free(void) {
  int32_t *p = malloc(24);
  *p = 7;
  free(hidden(p));
  sink = *(int32_t *)hidden(p);
}

void fault_uninitialised_read(void) {
  int32_t *p = hidden(malloc(24));
  if (*p > 3) sink = 1;
  free(p);
}

// operator new of C++, by its name for the linker: this file is C.
void *operator_new(size_t size) __asm__("_Znwm");
void fault_mismatched_allocator(void) { free(hidden(operator_new(24))); }

void fault_misaligned_access(void) {
  _Alignas(8) uint8_t bytes[16] = {0};
  sink = *(int32_t *)hidden(bytes + 1);
}

struct narrow {
  int32_t a, b;
};
struct wide {
  int32_t a, b, c, d;
};
// Fills a struct of the size that its caller does not mean.
__attribute__((noinline)) static void fill(void *p) {
  struct wide *wide = hidden(p);
  wide->a = wide->b = wide->c = wide->d = 1;
}
void fault_stack_overrun(void) {
  struct narrow narrow;
  fill(&narrow);
  sink = narrow.a;
}

// What C does to a block that Holdfast has made: one byte beyond its `size` bytes, and one before them.
void fault_block_overrun(uint8_t *block, int64_t size) { block[size] = 1; }
void fault_block_underrun(uint8_t *block, int64_t size) { block[-1] = (uint8_t)size; }
