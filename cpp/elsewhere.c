// Turns threads that are not JavaScript's into crashes: the pool's after C called back, and C's own.
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

typedef int32_t (*int_callback)(int32_t);

static void crash(void) {
  volatile int32_t *volatile nowhere = NULL;
  *nowhere = 1;
}

// Crashes when the callback has returned.
int32_t call_then_crash(int_callback callback) {
  int32_t got = callback(1);
  crash();
  return got;
}

static void *crash_on_thread(void *callback) {
  if (callback != NULL) ((int_callback)callback)(2);
  crash();
  return NULL;
}

// A thread of C's own that crashes, after a callback unless that is NULL; waited for, or left alone.
void start_crash(int_callback callback) {
  pthread_t thread;
  pthread_create(&thread, NULL, crash_on_thread, (void *)callback);
  pthread_detach(thread);
}
void wait_for_crash(int_callback callback) {
  start_crash(callback);
  for (;;) pause();
}

// A thread whose callback does not return before `signal_waiting`, called in it, has sent the thread a signal.
static pthread_t waiting;
int32_t wait_for_signal(int_callback callback) {
  waiting = pthread_self();
  return callback(3);
}
static void *wait_on_thread(void *callback) {
  wait_for_signal((int_callback)callback);
  return NULL;
}
void start_waiting(int_callback callback) {
  pthread_t thread;
  pthread_create(&thread, NULL, wait_on_thread, (void *)callback);
  pthread_detach(thread);
}
void signal_waiting(int32_t number) {
  pthread_kill(waiting, number);
  for (;;) pause();
}
