/* feed - run a program whose input is some text of ours followed by our own input. */
#ifndef CORE_APP_FEED_H
#define CORE_APP_FEED_H

#include "core/base/str.h"

/* Run argv with head and then everything from our fd 0 on its fd 0; returns its exit code.  Ends the process
 * with 111 when it cannot be started, crashed, or bytes cannot be moved.  A program that stops reading early is
 * none of our business. */
int feed_run(char *const argv[], struct str head);

#endif
