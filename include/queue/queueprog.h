/* queueprog - the queue program that stands between a submitter and the queue (QMAILQUEUE). */
#ifndef QUEUE_QUEUEPROG_H
#define QUEUE_QUEUEPROG_H

#include <stdbool.h>

/* The one where QMAILQUEUE names none: NULL, our own queue.  main of a build without a queue sets it. */
extern const char *queueprog_default;

/* Its words; NULL: our own queue, without a program. */
const char *queueprog_wanted(void);
/* Words that merely name our own queue program. */
bool queueprog_plain(const char *words);
/* Can the program the environment names take delivery status parameters (x and y records)?  Only our own ones can. */
bool queueprog_takes_params(void);

#endif
