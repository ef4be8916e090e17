// Threads that call, at random, what is on a board: callbacks of any environment, alive, released, or of one that has ended.
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <time.h>

#define EXPORT __attribute__((visibility("default")))
#define PLACES 64
#define MAX_THREADS 64

typedef int32_t (*answering)(int32_t);
typedef void (*telling)(int32_t);

static _Atomic(answering) asked[PLACES];
static _Atomic(telling) told[PLACES];
static pthread_t threads[MAX_THREADS];
static int32_t thread_count;
static atomic_int stopping;
static atomic_llong calls, zeros, wrong;

// A thread that has seen a moment has returned from everything that it took from the board before.
static atomic_int moment;
static atomic_int seen[MAX_THREADS];

static uint32_t next_random(uint32_t *state) {
  *state ^= *state << 13;
  *state ^= *state >> 17;
  return *state ^= *state << 5;
}

static void call_one(uint32_t random) {
  uint32_t place = (random >> 8) % PLACES;
  int32_t value = (int32_t)(random >> 16);
  if (random & 1) {
    telling callback = atomic_load(&told[place]);
    if (callback != NULL) callback(value);
    return;
  }
  answering callback = atomic_load(&asked[place]);
  if (callback == NULL) return;
  int32_t answer = callback(value);
  atomic_fetch_add(&calls, 1);
  if (answer == 0) atomic_fetch_add(&zeros, 1);
  else if (answer != 2 * value + 1) atomic_fetch_add(&wrong, 1);
}

static void *call_at_random(void *given) {
  int32_t number = (int32_t)(intptr_t)given;
  uint32_t state = 2654435761u * (uint32_t)(number + 1);
  while (!atomic_load(&stopping)) {
    atomic_store(&seen[number], atomic_load(&moment));
    for (int i = 0; i < 8; i++) call_one(next_random(&state));
    struct timespec pause = {0, next_random(&state) % 100000};
    nanosleep(&pause, NULL);
  }
  atomic_store(&seen[number], INT32_MAX);
  return NULL;
}

EXPORT int32_t board_start(int32_t count) {
  atomic_store(&stopping, 0);
  for (thread_count = 0; thread_count < count && thread_count < MAX_THREADS; thread_count++) {
    atomic_store(&seen[thread_count], 0);
    if (pthread_create(&threads[thread_count], NULL, call_at_random, (void *)(intptr_t)thread_count) != 0) break;
  }
  return thread_count;
}

// Waits for the threads: how many answers were neither what the callback gives nor zero.
EXPORT int64_t board_stop(void) {
  atomic_store(&stopping, 1);
  for (int32_t i = 0; i < thread_count; i++) pthread_join(threads[i], NULL);
  return atomic_load(&wrong);
}

EXPORT void board_ask(int32_t place, answering callback) { atomic_store(&asked[place % PLACES], callback); }

EXPORT void board_tell(int32_t place, telling callback) { atomic_store(&told[place % PLACES], callback); }

EXPORT int32_t board_moment(void) { return atomic_fetch_add(&moment, 1) + 1; }

EXPORT int32_t board_saw(int32_t when) {
  for (int32_t i = 0; i < thread_count; i++) {
    if (atomic_load(&seen[i]) < when) return 0;
  }
  return 1;
}

EXPORT int64_t board_calls(void) { return atomic_load(&calls); }

EXPORT int64_t board_zeros(void) { return atomic_load(&zeros); }
