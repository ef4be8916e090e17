// Turns variadic tails, described by letters, into the sum of what they hold.
#include <stdarg.h>
#include <stdint.h>

typedef struct {
    int32_t x, y;
} Point;

/* a: int32_t array, then its length n; p: Point *; l: int64_t; d: double */
int64_t sum_all(const char *kinds, ...) {
    va_list tail;
    va_start(tail, kinds);
    int64_t sum = 0;
    const int32_t *array = 0;
    for (; *kinds != 0; kinds++) {
        if (*kinds == 'a') array = va_arg(tail, const int32_t *);
        if (*kinds == 'n') {
            uint32_t length = va_arg(tail, uint32_t);
            for (uint32_t i = 0; i < length; i++) sum += array[i];
        }
        if (*kinds == 'p') {
            const Point *point = va_arg(tail, const Point *);
            sum += point->x + point->y;
        }
        if (*kinds == 'l') sum += va_arg(tail, int64_t);
        if (*kinds == 'd') sum += (int64_t)va_arg(tail, double);
    }
    va_end(tail);
    return sum;
}
