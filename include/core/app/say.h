/* say - what a program prints on descriptor 1, as a whole and at its end. */
#ifndef CORE_APP_SAY_H
#define CORE_APP_SAY_H

#include "core/base/buf.h"

/* Write the text and free it: 0, or 111 after saying that it cannot be written. */
int say(struct buf *text);

#endif
