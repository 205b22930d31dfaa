/* rand - unpredictable numbers from the kernel. */
#ifndef CORE_SYS_RAND_H
#define CORE_SYS_RAND_H

#include <stddef.h>
#include <stdint.h>

void rand_bytes(void *p, size_t n);
uint32_t rand_below(uint32_t n);	/* 0 <= result < n; n > 0 */

#endif
