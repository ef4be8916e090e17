// Turns pointers into addresses, values and other pointers: good ones, interior ones, and ones that fault.
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

void *id_ptr(void *p) { return p; }
void *null_ptr(void) { return NULL; }
bool is_null(const void *p) { return p == NULL; }
bool same_ptr(const void *a, const void *b) { return a == b; }
uint64_t address_of(const void *p) { return (uint64_t)(uintptr_t)p; }
// An interior pointer.
void *offset_ptr(void *p, int64_t bytes) { return (char *)p + bytes; }

static int32_t static_value = 42;
int32_t *static_int(void) { return &static_value; }

void out_int(int32_t *out) { *out = 42; }
void out_double(double *out) { *out = 1.5; }
void out_bool(bool *out) { *out = true; }
void out_u64(uint64_t *out) { *out = UINT64_MAX; }
// The string is static.
void out_string(char **out) { *out = "out string"; }
// A malloc'd string: the caller frees it.
void out_malloc_string(char **out) { *out = strdup("out string"); }
void out_ptr(void **out) { *out = &static_value; }
void out_null(void **out) { *out = NULL; }
void swap_ints(int32_t *a, int32_t *b) {
  int32_t held = *a;
  *a = *b;
  *b = held;
}

int32_t read_int(const int32_t *p) { return *p; }
void write_int(int32_t *p, int32_t value) { *p = value; }
double read_double(const double *p) { return *p; }
void write_double(double *p, double value) { *p = value; }
uint8_t read_byte(const uint8_t *p, int64_t offset) { return p[offset]; }
void write_byte(uint8_t *p, int64_t offset, uint8_t value) { p[offset] = value; }
void *read_ptr(void *const *p) { return *p; }

static void *_Atomic stored = NULL;
void store_ptr(void *p) { stored = p; }
void *recall_ptr(void) { return stored; }
int32_t recall_int(void) { return *(const int32_t *)stored; }

// The bytes 0, 1, 2 ... (modulo 256) from malloc: the caller frees them.
void *malloc_block(size_t size) {
  uint8_t *block = malloc(size + 1);
  for (size_t i = 0; block != NULL && i < size; i++) block[i] = (uint8_t)i;
  return block;
}
int32_t *malloc_int(int32_t value) {
  int32_t *p = malloc(sizeof *p);
  if (p != NULL) *p = value;
  return p;
}
// The same block and its size through out-parameters.
void out_buffer(uint8_t **out, size_t *out_size, size_t size) {
  *out = malloc_block(size);
  *out_size = size;
}

// Blocks with a release function of their own; live_blocks counts those not yet released.
static _Atomic int32_t live = 0;
void *block_alloc(size_t size) {
  void *block = calloc(1, size + 1);
  if (block != NULL) live++;
  return block;
}
void block_free(void *block) {
  if (block != NULL) live--;
  free(block);
}
int32_t live_blocks(void) { return live; }

// Addresses that fault.
void *low_address(void) { return (void *)(uintptr_t)0x10; }
// On x86-64 not an address at all: it faults with SIGSEGV but tells no address.
void *noncanonical_address(void) { return (void *)(uintptr_t)UINT64_C(0x4141414141414141); }
// The middle of a gigabyte given back: so large that nothing mapped later soon lands there.
void *unmapped_address(void) {
  size_t size = (size_t)1 << 30;
  char *region = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (region == MAP_FAILED) return NULL;
  munmap(region, size);
  return region + size / 2;
}

// Three pages, mapped once: readable and writable, then read-only, then no access.
static char *three_pages(size_t page) {
  static char *pages = NULL;
  if (pages != NULL) return pages;
  char *mapped = mmap(NULL, 3 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED) return NULL;
  memset(mapped, 0x5A, 2 * page);
  mprotect(mapped + page, page, PROT_READ);
  mprotect(mapped + 2 * page, page, PROT_NONE);
  pages = mapped;
  return pages;
}
size_t page_size(void) { return (size_t)sysconf(_SC_PAGESIZE); }
// Bytes 0x5A that can be read and not written.
const void *readonly_page(void) { return three_pages(page_size()) + page_size(); }
// Bytes that can be neither read nor written.
const void *protected_page(void) { return three_pages(page_size()) + 2 * page_size(); }
// The last `count` readable bytes (0x5A) before a page that faults.
const void *before_fault(size_t count) { return three_pages(page_size()) + 2 * page_size() - count; }
