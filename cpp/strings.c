// Turns strings, wide strings and string arrays into one another, from memory of every kind of owner.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <wchar.h>

// Bytes before the NUL; -1 for NULL.
int32_t string_length(const char *text) { return text == NULL ? -1 : (int32_t)strlen(text); }

// Byte `index` of the text as C received it.
uint8_t string_byte(const char *text, uint32_t index) { return (uint8_t)text[index]; }

const char *echo(const char *text) { return text; }
const char *static_string(void) { return "a static string"; }
const char *empty_string(void) { return ""; }
const char *null_string(void) { return NULL; }
// One, two, three and four bytes a character.
const char *utf8_string(void) { return "a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80"; }
// A stray byte, a cut sequence, an encoded surrogate and an overlong slash, each between letters.
const char *invalid_utf8(void) { return "a\xFF" "b\xE2\x82" "c\xED\xA0\x80" "d\xC0\xAF" "e"; }

// The caller frees all that follows up to the string arrays.
char *copy_string(const char *text) { return text == NULL ? NULL : strdup(text); }
char *malloc_12(void) { return copy_string("hello, world"); }

char *long_string(size_t length) {
  char *text = malloc(length + 1);
  if (text == NULL) return NULL;
  memset(text, 'x', length);
  text[length] = '\0';
  return text;
}

// Writes as much of `text` as fits, with its NUL; returns the length it would need, as snprintf does.
int32_t write_string(char *buffer, size_t capacity, const char *text) { return snprintf(buffer, capacity, "%s", text); }

int32_t count_strings(const char *const *texts, int32_t count) {
  int32_t present = 0;
  for (int32_t i = 0; i < count; i++) present += texts[i] != NULL;
  return present;
}

int32_t count_until_null(const char *const *texts) {
  int32_t count = 0;
  while (texts[count] != NULL) count++;
  return count;
}

// The caller frees the result. NULL items are left out, their separator stays.
char *join_strings(const char *const *texts, int32_t count, const char *separator) {
  size_t size = 1;
  for (int32_t i = 0; i < count; i++) size += (texts[i] ? strlen(texts[i]) : 0) + strlen(separator);
  char *joined = calloc(size, 1);
  if (joined == NULL) return NULL;
  for (int32_t i = 0; i < count; i++) {
    if (i > 0) strcat(joined, separator);
    if (texts[i] != NULL) strcat(joined, texts[i]);
  }
  return joined;
}

// "item 0", "item 1" ...: the caller frees every string and then the array.
char **make_strings(int32_t count) {
  char **texts = calloc((size_t)count + 1, sizeof *texts);
  if (texts == NULL) return NULL;
  for (int32_t i = 0; i < count; i++) {
    char text[24];
    snprintf(text, sizeof text, "item %d", i);
    texts[i] = strdup(text);
  }
  return texts;
}

void free_strings(char **texts, int32_t count) {
  for (int32_t i = 0; i < count; i++) free(texts[i]);
  free(texts);
}

const char *const *static_strings(void) {
  static const char *const texts[] = {"red", "green", "blue"};
  return texts;
}

const char *const *strings_with_null(void) {
  static const char *const texts[] = {"first", NULL, "third"};
  return texts;
}

int32_t wide_length(const wchar_t *text) { return text == NULL ? -1 : (int32_t)wcslen(text); }
uint32_t wide_unit(const wchar_t *text, uint32_t index) { return (uint32_t)text[index]; }
const wchar_t *wide_echo(const wchar_t *text) { return text; }
const wchar_t *wide_static(void) { return L"a\u00E9\u20AC\U0001F600"; }
const wchar_t *wide_null(void) { return NULL; }

// A value beyond Unicode and a lone surrogate, between letters.
const wchar_t *wide_invalid(void) {
  static const wchar_t text[] = {L'a', 0x7FFFFFFF, L'b', 0xD800, L'c', 0};
  return text;
}

// The caller frees the result.
wchar_t *wide_copy(const wchar_t *text) {
  size_t size = (wcslen(text) + 1) * sizeof *text;
  wchar_t *copy = malloc(size);
  return copy == NULL ? NULL : memcpy(copy, text, size);
}

// The first byte of a page that faults on access, right after one that is full of 'x'.
static char *page_edge(void) {
  static char *edge = NULL;
  if (edge != NULL) return edge;
  size_t page = (size_t)sysconf(_SC_PAGESIZE);
  char *pages = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (pages == MAP_FAILED) return NULL;
  memset(pages, 'x', page);
  mprotect(pages + page, page, PROT_NONE);
  edge = pages + page;
  return edge;
}

// Eight bytes without a NUL, then a page that faults.
const char *unterminated(void) { return page_edge() - 8; }
// The same eight bytes as wide characters.
const wchar_t *wide_unterminated(void) { return (const wchar_t *)(void *)(page_edge() - 8); }
