// Threads that call back: one that is waited for, ones that run on, and many that call at once.
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

typedef int32_t (*int_callback)(int32_t);
typedef void (*text_callback)(const char *, int32_t);

struct work {
  int_callback callback;
  int32_t times;
  int64_t sum;
  volatile int32_t done;
  pthread_t thread;
};

static void *call_times(void *given) {
  struct work *work = given;
  for (int32_t i = 0; i < work->times; i++) work->sum += work->callback(i);
  __atomic_store_n(&work->done, 1, __ATOMIC_RELEASE);
  return NULL;
}

// A thread that calls `times` times; `finish` gives the sum of the answers.
EXPORT struct work *start(int_callback callback, int32_t times) {
  struct work *work = calloc(1, sizeof *work);
  work->callback = callback;
  work->times = times;
  pthread_create(&work->thread, NULL, call_times, work);
  return work;
}

EXPORT int32_t is_done(struct work *work) { return __atomic_load_n(&work->done, __ATOMIC_ACQUIRE); }

EXPORT int64_t finish(struct work *work) {
  pthread_join(work->thread, NULL);
  int64_t sum = work->sum;
  free(work);
  return sum;
}

// Waits for a thread that calls: a deadlock when the callback is JavaScript's.
EXPORT int64_t run_and_wait(int_callback callback, int32_t times) { return finish(start(callback, times)); }

struct told {
  text_callback callback;
  int32_t times;
};

static int32_t told_so_far;

// How often callbacks of `tell` have returned.
EXPORT int32_t told_count(void) { return __atomic_load_n(&told_so_far, __ATOMIC_ACQUIRE); }

static void *tell_times(void *given) {
  struct told told = *(struct told *)given;
  free(given);
  for (int32_t i = 0; i < told.times; i++) {
    // The text is gone when the callback returns.
    char *text = strdup("message");
    told.callback(text, i);
    __atomic_add_fetch(&told_so_far, 1, __ATOMIC_RELEASE);
    memset(text, 'x', 7);
    free(text);
  }
  return NULL;
}

EXPORT void tell(text_callback callback, int32_t times) {
  struct told *told = malloc(sizeof *told);
  *told = (struct told){callback, times};
  pthread_t thread;
  pthread_create(&thread, NULL, tell_times, told);
  pthread_detach(thread);
}

static void *end_process(void *given) {
  int_callback callback = given;
  // 0 once nobody answers any more.
  while (callback(1) != 0) {
  }
  write(1, "the thread went on\n", 19);
  return NULL;
}

static pthread_t ending;

EXPORT void call_until_zero(int_callback callback) { pthread_create(&ending, NULL, end_process, callback); }

// A thread that waits when the process exits is waited for.
__attribute__((destructor)) static void wait_for_thread(void) {
  if (ending != 0) pthread_join(ending, NULL);
}
