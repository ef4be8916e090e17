// Turns an errno value into a failed call of each kind of result; holds the symbols that are not functions.
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>

void set_errno(int32_t code) { errno = code; }

// Failures of each kind of result: errno is set to `code`, the value says nothing.
int32_t fail_i32(int32_t code) {
  errno = code;
  return -1;
}
int64_t fail_i64(int32_t code) {
  errno = code;
  return -1;
}
double fail_f64(int32_t code) {
  errno = code;
  return -1.0;
}
const char *fail_string(int32_t code) {
  errno = code;
  return NULL;
}
void *fail_ptr(int32_t code) {
  errno = code;
  return NULL;
}
struct failure {
  int64_t a, b, c;
};
struct failure fail_struct(int32_t code) {
  errno = code;
  return (struct failure){1, 2, 3};
}

// Returns its argument with errno as it was.
int32_t keep_errno(int32_t value) { return value; }

// What errno held when the call began.
int32_t errno_at_entry(void) { return errno; }

// A failure that the C library reports itself: -1 and ENOENT.
int32_t open_missing(void) { return open("/holdfast-no-such-directory/no-such-file", O_RDONLY); }

int data_symbol = 42;
const int const_symbol = 43;
_Thread_local int thread_symbol = 44;

int32_t *data_symbol_address(void) { return &data_symbol; }
int32_t *thread_symbol_address(void) { return &thread_symbol; }
