/* spare - files for the next messages.  Creating and removing inodes is what costs most on a busy queue
 * (ext4 walks past every inode freed in the last seconds), so clean empties finished files and parks
 * them as pid/spare.N, and put takes them from there.  Any number of processes may do so at once; a queue
 * without spares works as ever. */
#ifndef QUEUE_SPARE_H
#define QUEUE_SPARE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/buf.h"

/* A spare of the queue dir is renamed to fn, where no file may be, and opened for writing, empty.  The renaming
 * is what makes it ours: whoever opened it first could find it taken.  A descriptor, or -1: none found. */
int spare_take(const char *dir, const char *fn);
/* The same under a name that depends on the file's inode number, which becomes *id: path puts it into fn. */
int spare_take_named(const char *dir, void (*path)(uint64_t id, struct buf *fn, void *arg), void *arg, uint64_t *id);
/* Park a finished file of the queue in the current directory, or remove it.  0, or -1 with errno.
 * A file with another name left (content still needed there for the moment) is parked as it is. */
int spare_park(const char *fn, bool empty);

#endif
