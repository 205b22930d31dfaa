/* tai - TAI64N labels: "@" and 24 hexadecimal digits, 16 for the second and 8 for the nanosecond (tai64n(1)).
 * Seconds here are those of Unix; a label's are 2^62 + 10 more, whatever the number of leap seconds. */
#ifndef CORE_BASE_TAI_H
#define CORE_BASE_TAI_H

#include <stdint.h>

#include "core/base/str.h"

enum { TAI_LABEL = 25 };

/* Writes labels; remembers the digits of the second, which nearly always is that of the label before.
 * Start with TAI_PEN_INIT. */
struct tai_pen {
	int64_t sec;
	char head[TAI_LABEL - 8];
};
#define TAI_PEN_INIT {INT64_MIN, {0}}

/* The label of a moment, without a NUL.  nsec < 10^9. */
void tai_label(struct tai_pen *pen, char out[TAI_LABEL], int64_t sec, uint32_t nsec);

/* Does s begin with a label?  Digits of either case, a second below 2^63, a nanosecond below 10^9.
 * What follows does not matter; outputs are untouched otherwise. */
bool tai_parse(struct str s, int64_t *sec, uint32_t *nsec);

#endif
