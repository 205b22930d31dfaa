/* vec - a growing array of any type:  VEC(struct str) words = {0};  vec_push(&words, w);  vec_free(&words); */
#ifndef CORE_BASE_VEC_H
#define CORE_BASE_VEC_H

#include <stddef.h>

#define VEC(type) struct { type *p; size_t n, cap; }

/* Append one element; the value is evaluated once. */
#define vec_push(v, value) \
	(vec_room((void **)&(v)->p, &(v)->cap, (v)->n + 1, sizeof *(v)->p), (v)->p[(v)->n++] = (value))
#define vec_reserve(v, count) vec_room((void **)&(v)->p, &(v)->cap, (count), sizeof *(v)->p)
#define vec_clear(v) ((v)->n = 0)
#define vec_free(v) (vec_release((void **)&(v)->p), (v)->n = (v)->cap = 0)

void vec_room(void **p, size_t *cap, size_t want, size_t size);
void vec_release(void **p);

#endif
