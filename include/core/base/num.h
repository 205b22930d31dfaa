/* num - decimal, octal and hexadecimal numbers in text, with limits. */
#ifndef CORE_BASE_NUM_H
#define CORE_BASE_NUM_H

#include <stdint.h>

#include "core/base/str.h"

/* Read the digits at the start of s.  Returns how many bytes were read, 0 when there is no digit
 * or the number does not fit; *out is set only then. */
size_t num_scan(struct str s, uint64_t *out);
size_t num_scan_octal(struct str s, uint64_t *out);
size_t num_scan_hex(struct str s, uint64_t *out);

/* The whole of s must be a decimal number of at most max. */
bool num_parse(struct str s, uint64_t max, uint64_t *out);

/* Control-file and environment rule: leading decimal, optional sign, anything may follow;
 * no digit leaves *out alone and returns false.  Clamped to long. */
bool num_lead(struct str s, long *out);

#endif
