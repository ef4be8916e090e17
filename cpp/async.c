// Turns calls on other threads into what can be seen of them: when they ran, on which thread, what they wrote.
#define _GNU_SOURCE
#include <errno.h>
#if defined(__linux__)
#include <malloc.h>
#endif
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LOG_SIZE 4096

static atomic_int log_length;
static int32_t log_entries[LOG_SIZE];
static atomic_int gate_is_open;
static atomic_int running;

static void sleep_ms(int32_t ms) {
    struct timespec time = {ms / 1000, (ms % 1000) * 1000000L};
    while (nanosleep(&time, &time) != 0 && errno == EINTR) {}
}

/* Sleeps; what it was given. */
int32_t sleep_and_return(int32_t ms, int32_t value) {
    sleep_ms(ms);
    return value;
}

int32_t add(int32_t a, int32_t b) { return a + b; }

double mix(double a, float b, int64_t c, uint8_t d) { return a + (double)b + (double)c + d; }

/* Enters its number in the log of starts. */
int32_t log_start(int32_t number, int32_t ms) {
    int at = atomic_fetch_add(&log_length, 1);
    if (at < LOG_SIZE) log_entries[at] = number;
    sleep_ms(ms);
    return at;
}

int32_t log_count(void) { return atomic_load(&log_length); }
int32_t log_at(int32_t i) { return i >= 0 && i < LOG_SIZE ? log_entries[i] : -1; }
void log_clear(void) { atomic_store(&log_length, 0); }

/* Calls that wait here hold their thread until the gate opens. */
void gate_close(void) { atomic_store(&gate_is_open, 0); }
void gate_open(void) { atomic_store(&gate_is_open, 1); }
int32_t gate_waiting(void) { return atomic_load(&running); }
int32_t gate_wait(int32_t value) {
    atomic_fetch_add(&running, 1);
    while (!atomic_load(&gate_is_open)) sleep_ms(1);
    atomic_fetch_sub(&running, 1);
    return value;
}

/* Fails with its own errno, long after others have set theirs. */
int32_t fail_with(int32_t code, int32_t ms) {
    sleep_ms(ms);
    errno = code;
    return -1;
}

uint64_t thread_id(void) { return (uint64_t)pthread_self(); }

void fill(uint8_t *bytes, uint64_t length, uint8_t value, int32_t ms) {
    sleep_ms(ms);
    memset(bytes, value, length);
}

/* Waits at the gate, then writes and reads back each byte: the sum of what was read. */
uint64_t gate_fill(uint8_t *bytes, uint64_t length, uint8_t value) {
    gate_wait(0);
    uint64_t sum = 0;
    for (uint64_t i = 0; i < length; i++) {
        bytes[i] = value;
        sum += ((volatile uint8_t *)bytes)[i];
    }
    return sum;
}

/* to[i] = from[i] + 1 */
void add_one(const uint8_t *from, uint8_t *to, uint64_t length) {
    for (uint64_t i = 0; i < length; i++) to[i] = (uint8_t)(from[i] + 1);
}

char *join(const char *a, const char *b) {
    size_t size = strlen(a) + strlen(b) + 1;
    char *joined = malloc(size);
    if (joined == NULL) return NULL;
    strcpy(joined, a);
    strcat(joined, b);
    return joined;
}

const char *constant_text(int32_t ms) {
    sleep_ms(ms);
    return "text of the library";
}

/* Its own argument, which lies in the frame of the call. */
void *same(void *pointer) { return pointer; }
const char *same_text(const char *text) { return text; }

uint8_t *new_bytes(uint64_t length, uint8_t value) {
    uint8_t *bytes = malloc(length);
    if (bytes != NULL) memset(bytes, value, length);
    return bytes;
}

typedef struct {
    int32_t id;
    const char *name;
    double weights[3];
} Item;

Item *make_item(int32_t id) {
    static Item item;
    static const char *names[] = {"zero", "one", "two"};
    item = (Item){id, names[id % 3], {id, id * 2.0, id * 3.0}};
    return &item;
}

double weigh(const Item *item, int32_t ms) {
    sleep_ms(ms);
    return item->weights[0] + item->weights[1] + item->weights[2] + (double)strlen(item->name);
}

/* A pointer inside a struct, used after a while. */
typedef struct {
    uint8_t *bytes;
    uint64_t length;
} Span;

uint64_t gate_sum(const Span *span) {
    gate_wait(0);
    uint64_t sum = 0;
    for (uint64_t i = 0; i < span->length; i++) sum += span->bytes[i];
    return sum;
}

/* As many bytes in a block of malloc's, when the gate opens. */
char *gate_text(int32_t size) {
    gate_wait(0);
    char *made = malloc((size_t)size + 1);
    if (made == NULL) return NULL;
    memset(made, 'x', (size_t)size);
    made[size] = 0;
    return made;
}
struct gate_item {
    int32_t size;
    char *text;
};
struct gate_item *gate_item(int32_t size) {
    struct gate_item *made = malloc(sizeof *made);
    if (made != NULL) *made = (struct gate_item){size, gate_text(size)};
    return made;
}
/* What it was given, when the gate opens. */
char *gate_same(char *block) {
    gate_wait(0);
    return block;
}
/* Bytes of the blocks of malloc's that have pages of their own; 0 where the C library does not tell. */
uint64_t large_bytes(void) {
#if defined(__GLIBC__) && (__GLIBC__ > 2 || __GLIBC_MINOR__ >= 33)
    return mallinfo2().hblkhd;
#else
    return 0;
#endif
}
